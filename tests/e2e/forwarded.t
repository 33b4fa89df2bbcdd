#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the agent socket forwarded to another host, by the real ssh -A to a real sshd. What is asked
# from there is known as such: in the prompt, in the log, in the certificate; and it opens no session, reloads no
# policy and hands over no PIN. A seat is not forwarded.
test_description='over a forwarded connection'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
base='Agent claude
    Scope *
Agent unknown
    Scope *
Limits
    Prompts 100
    PromptsAll 100'
in="--user deploy --host web1.example.com --cmd uptime"
# far CMD...: as deploy, on the far side of ssh -A, where the main socket is SSH_AUTH_SOCK
far() { SSH_AUTH_SOCK=$HANDSEAL_SOCK timeout 30 ssh -o IdentityAgent=SSH_AUTH_SOCK -o ForwardAgent=yes $HS_SSH_OPTS -i "$HS_TMP/plain" \
	deploy@127.0.0.1 "export HANDSEAL_SOCK=\$SSH_AUTH_SOCK PATH=$HS_BIN:\$PATH && $*"; }
# last EVENT TEXT: the last record of that event says so
last() { last_event=$1 last_text=$2 && hs_wait_for 'grep "\"event\":\"$last_event\"" "$log" | tail -n 1 | grep -e "$last_text"' 5 || { tail -n 3 "$log" && false; }; }

test_expect_success 'a key, a daemon, a session, and a server that takes a key of the person' '
	policy "$base" && hs_softkey_start blue && daemon && hs_softkey blue touch-next &&
	timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue && hs_softkey blue touch-next &&
	timeout 30 handseal open $in --ttl 1h && hs_sshd_start && ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/plain" &&
	mkdir -m 700 "$HS_HOME_deploy/.ssh" && cp "$HS_TMP/plain.pub" "$HS_HOME_deploy/.ssh/authorized_keys" &&
	chown -R deploy: "$HS_HOME_deploy/.ssh" && chmod 755 "$HS_TMP" && via=$(ssh-keygen -lf "$HS_TMP/ssh_host_ed25519_key.pub" | cut -d" " -f2) &&
	far id -un >out && grep -x deploy out
'
test_expect_success 'what reveals and changes nothing works' '
	far "handseal status && ssh-add -l; handseal list" >out 2>err; cat out err && grep "^open" out && grep "The agent has no identities" out && grep "No certificates" out
'
test_expect_success 'rule9: no session is opened, no policy reloaded, and why is said' '
	handseal close && does 3 "this connection is forwarded from another host, from where nobody may open a session" far handseal open $in --ttl 1h &&
	last refuse "\"origin\":\"forwarded\",\"via\":\"$via\",.*\"ext\":\"open@.*\"code\":\"peer-refused\"" &&
	does 3 "from where nobody may reload the policy" far handseal policy reload && last refuse "\"origin\":\"forwarded\".*\"ext\":\"policy@" &&
	grep "forwarded, by the host with the key $via" "$HS_TMP/handseald.log" && hs_softkey blue touch-next && timeout 30 handseal open $in --ttl 1h
'
test_expect_success 'a request is asked about, though what is granted covers it, and shown for what it is' '
	unwatched && does 3 "nobody would see the prompt" far handseal request $in --agent claude --reason look -o no && watched &&
	hs_spawn r far handseal request $in --agent claude --reason look -o $HS_HOME_deploy/id && hs_softkey blue wait 10 &&
	grep "over a connection forwarded from the host with the key $via: any program there could have asked this" "$HS_TMP/watcher.log" &&
	grep "claude asks for more, from another host" "$HS_TMP/watcher.log" && hs_softkey blue touch && hs_wait r 20 && test $HS_STATUS = 0 &&
	last ask "\"origin\":\"forwarded\",\"via\":\"$via\"" && last issue "\"origin\":\"forwarded\""
'
test_expect_success 'its certificate says so, and logs in' '
	handseal-verify explain $HS_HOME_deploy/id-cert.pub >out; grep "origin   asked for over a connection forwarded from another host" out &&
	n=$(handseal list --json | perl -MJSON::PP -e "print map { \$_->{id} =~ s/.*\\.//r } grep { \$_->{origin} eq \"forwarded\" } @{decode_json(join \"\", <STDIN>)->{certificates}}") &&
	handseal show $n >out && grep "over a connection forwarded from another host" out && handseal list >out && grep "  forwarded$" out &&
	echo "HostName web1.example.com" >$HS_SERVER/verify.conf && handseal roots --pub >pub &&
	key=$(grep -o "sk-ssh-ed25519@openssh.com [A-Za-z0-9+/=]*" pub | head -n 1) && echo "users=\"deploy\" $key blue" >$HS_SERVER/roots &&
	cp $HS_HOME_deploy/id $HS_HOME_deploy/id-cert.pub . && hs_ssh -i id deploy@127.0.0.1 uptime &&
	hs_wait_for "grep -q \"admitted deploy: .*, asked for over a connection forwarded from another host\" $HS_TMP/syslog" 5
'
test_expect_success 'from here it is issued silently, and says nothing' '
	handseal request $in --agent claude -o here && last issue "\"origin\":\"local\"" && handseal-verify explain here-cert.pub >out;
	grep "asked for by a process of the daemon" out && ssh-keygen -L -f here-cert.pub >out && ! grep origin@ out
'
test_expect_success 'by the policy: silently, or not at all' '
	policy "Forwarded grant" "$base" && far handseal request $in --agent claude -o $HS_HOME_deploy/silent && last issue "\"origin\":\"forwarded\"" &&
	policy "Forwarded deny" "$base" && does 3 "Forwarded deny" far handseal request $in --agent claude --reason look -o no &&
	last refuse "\"code\":\"forwarding-refused\"" && far handseal policy explain $in >out; grep "Forwarded deny" out && policy "$base"
'
test_expect_success 'a direct certificate says so too, wherever it is told of' '
	direct="--user deploy --host \"*\" --cmd uptime --direct --ttl 5m" && before=$(handseal list | grep -c "  forwarded$") && hs_spawn r far handseal request "$direct" --agent claude --reason look -o $HS_HOME_deploy/d && hs_softkey blue wait 10 &&
	hs_softkey blue touch && hs_wait r 20 && test $HS_STATUS = 0 && last issue "\"origin\":\"forwarded\"" && cp $HS_HOME_deploy/d $HS_HOME_deploy/d-cert.pub . &&
	ssh-keygen -L -f d-cert.pub >out && grep "Key ID: .handseal:direct:" out && grep origin@handseal.alt out && test_expect_code 3 handseal-verify explain d-cert.pub >out && grep "origin   asked for over a connection forwarded from another host" out &&
	test_expect_code 3 handseal-verify explain --json d-cert.pub >out && grep "\"origin\":\"forwarded\"" out && handseal list --json >out && n=$(perl -MJSON::PP -e "print map { \$_->{id} } grep { \$_->{direct} && \$_->{origin} eq \"forwarded\" } @{decode_json(join \"\", <STDIN>)->{certificates}}" <out) &&
	handseal show $n >out && grep "over a connection forwarded from another host" out && handseal list >out && test $(grep -c "  forwarded$" out) = $before && grep "  forwarded  direct$" out &&
	echo "users=\"deploy\",direct $key blue" >$HS_SERVER/roots && : >"$HS_TMP/syslog" && hs_ssh -i d deploy@127.0.0.1 uptime &&
	hs_wait_for "grep -q \"admitted deploy: .*, asked for over a connection forwarded from another host\" $HS_TMP/syslog" 5
'
test_expect_success 'one hop more is as far, and known by the host that is next' '
	grep -v "^ssh-rsa" "$HS_TMP/known_hosts" >$HS_HOME_deploy/known && cp "$HS_TMP/plain" $HS_HOME_deploy/plain && chown deploy: $HS_HOME_deploy/known $HS_HOME_deploy/plain &&
	opts=$(echo $HS_SSH_OPTS | sed "s,$HS_TMP/known_hosts,$HS_HOME_deploy/known,;s,IdentityAgent=none,IdentityAgent=SSH_AUTH_SOCK,") &&
	does 3 "forwarded from another host" far "ssh $opts -A -i $HS_HOME_deploy/plain deploy@127.0.0.1 \"HANDSEAL_SOCK=\\\$SSH_AUTH_SOCK $HS_BIN/handseal open $in\"" &&
	last refuse "\"origin\":\"forwarded\",\"via\":\"$via\""
'
test_expect_success 'a seat is not forwarded' '
	cat >hop <<-EOF &&
		$(command -v ssh) -o IdentityAgent=SSH_AUTH_SOCK -o ForwardAgent=yes $(echo $HS_SSH_OPTS) -i $HS_TMP/plain deploy@127.0.0.1 \
			"ssh-add -L; HANDSEAL_SOCK=\\\$SSH_AUTH_SOCK $HS_BIN/handseal request $in --reason more"
	EOF
	test_expect_code 3 handseal run $in --agent claude -q -- sh hop >out 2>err; cat out err; grep "agent refused operation" out err &&
	grep "forwarded from another host, and a seat is not" err && last refuse "\"origin\":\"forwarded\",\"via\":\"$via\".*forwarding-refused"
'
hs_done
