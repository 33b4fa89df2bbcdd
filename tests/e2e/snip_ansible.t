#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what docs/AGENTS.md says of Ansible: a playbook runs on a seat, a login a task, past no connection of
# the person's; a single command has a scope of its own; and what it says of connections that are shared. Real Ansible, a
# real sshd.
test_description='the page on Ansible'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/snip.sh"
. "$(dirname "$0")/../lib/late.sh"
command -v ansible-playbook >/dev/null || hs_skip "ansible-core is not installed"
hs_ns "$0" "$@"
hs_init "$@"

fresh() { : >"$HS_TMP/sshd.log"; }
logins() { grep -c "Accepted publickey for deploy" "$HS_TMP/sshd.log"; }
try() { block $1 | sed "${2-}" >block && cp block "$home/block" && chmod 644 "$home/block" && me sh block >out 2>err || { cat out err && false; }; } # try NAME [SED]: below no seat
master="\[mux\]|/ssh -F .* -M " # what holds a connection that is shared
masters() { pgrep -u $me -f "$master"; }
# over SOCKET CMD...: over the connection that is shared there; we are not below a seat
over() { over_=$1 && shift && me ssh -S "$over_" -o BatchMode=yes -o IdentityAgent=none -o ControlMaster=no deploy@web1.example.com "$@" >out 2>err; }
# shares NAME SECONDS CMD...: a program on a seat, which may run these, opens a connection to share, with a certificate of so long, and stays
shares() {
	shares_=$1 shares_ttl=$2
	shift 2
	set -f
	printf '%s\n' "max-ttl $shares_ttl" "max-uses *" "" "addr *" "host web1.example.com" "user deploy" "$@" >"$home/short"
	set +f
	chmod 644 "$home/short" && agent share "ssh -M -S \$1 -f -N deploy@web1.example.com && exec sleep 100" &&
		me_spawn $shares_ handseal run --scope-file short --agent ansible -- share "$home/$shares_.sock" && hs_wait_for "test -S $home/$shares_.sock" 10
}

test_expect_success 'a person with a playbook, a daemon, a session' '
	person && block ansible-policy >>"$home/.config/handseal/policy" && my_daemon && opened --scope web,play && echo "web1.example.com ansible_user=deploy ansible_python_interpreter=/usr/bin/python3" >"$home/hosts" && cat >"$home/site.yml" <<-\EOF && owned "$home/hosts" "$home/site.yml"
	- hosts: all
	  gather_facts: false
	  tasks:
	    - shell: id -un >made
	    - shell: echo again >>made
	EOF
'
test_expect_success 'a playbook runs on a seat, with a login a task' '
	fresh && try ansible && grep -x deploy "$HS_HOME_deploy/made" && grep again "$HS_HOME_deploy/made" && grep "changed=2 .*failed=0" out && test $(logins) = 2 && grep "2 logins in" err && ! masters && grep "\"event\":\"sign\".*\"agent\":\"ansible\".*\"host\":\"web1.example.com\"" "$log"
'
test_expect_success 'on a seat that may not, it does not' '
	rm "$HS_HOME_deploy/made" && ! try ansible "s/--scope play/--scope web/" && ! test -e "$HS_HOME_deploy/made" && grep "UNREACHABLE\|command-outside-scope" out
'
test_expect_success 'a single command in a scope of its own, and no other command' '
	try ansible-raw && grep "load average" out && ! try ansible-raw "s/uptime/ls/" && grep "command-outside-scope" out && ! try ansible-raw "s/-u deploy/-u root/" && grep "Permission denied" out
'
test_expect_success 'a connection that the person has left open with Ansible'\''s own options is not used' '
	ssh-keygen -q -t ed25519 -N "" -f "$home/.ssh/id_ed25519" && owned "$home/.ssh" && mkdir -p -m 700 "$HS_HOME_deploy/.ssh" && cp "$home/.ssh/id_ed25519.pub" "$HS_HOME_deploy/.ssh/authorized_keys" && chown -R deploy: "$HS_HOME_deploy/.ssh" &&
	me ansible all -i hosts -m raw -a true >out; masters && me ansible all -i hosts -m raw -a "echo mine" >out && grep "^mine" out && ! try ansible-raw "s/uptime/\"echo mine\"/" && grep "command-outside-scope" out && pkill -u $me -f "$master"
'
test_expect_success 'a connection that is shared is one login and one use, for whoever reaches its socket' '
	fresh && shares a 600 "cmd uptime" "cmd id ..." && over "$home/a.sock" uptime && grep "load average" out && over "$home/a.sock" id -un && test $(logins) = 1 && me handseal list >out && grep "ansible .* 1/\*" out && ! over "$home/a.sock" ls && grep command-outside-scope err && hs_stop a
'
test_expect_success 'when its certificate has ended its commands are refused' '
	in_time 5 "shares b \$life \"cmd uptime\"" "hs_stop b" && hs_wait_for "! over $home/b.sock uptime" 30 && cat err && grep "handseal: refused, expired" err && hs_stop b
'
test_expect_success 'under any command too' '
	in_time 10 "shares c \$life \"cmd *\" && over $home/c.sock ls" "hs_stop c" && hs_wait_for "! over $home/c.sock id -un" 30 && grep "handseal: refused, expired" err &&
	hs_stop c && ! over "$home/c.sock" id -un && pkill -u $me -f "$master" && hs_wait_for "! masters" 5
'
hs_done
