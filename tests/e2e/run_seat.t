#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the natural way to start an agent. Below `handseal run`, with the real daemon, a real sshd and real
# programs, ssh, scp, sftp, rsync, git and libssh do what the seat may, and nothing else; more is one request away, less
# is a seat below; and when it ends, nothing is left.
test_description='an agent on a seat, with everything real'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
for p in rsync git; do command -v $p >/dev/null || hs_skip "$p is not installed"; done
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
files=$HS_HOME_deploy/files
in="--user deploy --host web1.example.com"
# run ARG... -- CMD...: an agent, to its end
run() { timeout 60 handseal run --agent claude "$@"; }
closed() { handseal close >/dev/null 2>&1 || true; }
opened() { handseal close >/dev/null 2>&1; hs_softkey blue touch-next && timeout 30 handseal open $in --cmd '*' --ns git --ttl 1h "$@"; }
seats() { ls -d "$HS_TMP/run"/a.sock.seat-* 2>/dev/null; }

test_expect_success 'a key, a daemon, a server, and a person whose ssh is set to other keys' '
	HOME=$(getent passwd $(id -u) | cut -d: -f6) && export HOME && mkdir -m 700 "$HS_TMP/home" && mount --bind "$HS_TMP/home" "$HOME" && mkdir -m 700 "$HOME/.ssh" && mkdir "$files" && echo one >"$files/one" && chown -R deploy "$files" &&
	policy "KnownHosts $HS_TMP/known" "$base" && hs_softkey_start blue && daemon && hs_softkey blue touch-next &&
	timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue && hs_sshd_start &&
	echo "HostName web1.example.com" >$HS_SERVER/verify.conf && handseal roots --pub >pub &&
	key=$(grep -o "sk-ssh-ed25519@openssh.com [A-Za-z0-9+/=]*" pub | head -n 1) && echo "users=\"deploy\" $key blue" >$HS_SERVER/roots && watched &&
	echo "web1.example.com $(cut -d" " -f1,2 "$HS_TMP/ssh_host_ed25519_key.pub")" >"$HS_TMP/known" && cp "$HS_TMP/known" "$HOME/.ssh/known_hosts" &&
	ssh-keygen -q -t ed25519 -N "" -f "$HOME/.ssh/id_ed25519" && cat >"$HOME/.ssh/config" <<-EOF && chmod 600 "$HOME/.ssh/config"
	Host web1.example.com web
	  HostName 127.0.0.1
	  HostKeyAlias web1.example.com
	  Port $HS_PORT
	  User deploy
	  BatchMode yes
	  IdentitiesOnly yes
	  IdentityAgent /nowhere
	  IdentityFile ~/.ssh/id_ed25519
	EOF
'
test_expect_success 'with no session, one touch opens one for just that seat' '
	hs_spawn first handseal run --agent claude $in --cmd uptime -- ssh web uptime && hs_softkey blue wait 10 && hs_softkey blue touch &&
	hs_wait first 20 && test $HS_STATUS = 0 && cat $HS_TMP/first.log && grep "handseal: seat .* for claude until" $HS_TMP/first.log && grep "load average" $HS_TMP/first.log &&
	grep "no passphrase" $HS_TMP/first.log && grep "claude ended (0), seat closed. 1 login" $HS_TMP/first.log && ! seats && closed
'
test_expect_success 'under an open session it costs none; its exit status comes through' '
	opened && touches=$(grep -c "\"event\":\"touch\"" "$log") && run $in --cmd "id -un" -- ssh web id -un >out 2>err && test "$(cat out)" = deploy &&
	test_expect_code 7 run $in --cmd "id -un" -- sh -c "exit 7" && test $touches = $(grep -c "\"event\":\"touch\"" "$log") && ! run $in --cmd uptime -- ssh web id -un
'
test_expect_success 'why says what was missing, and what would ask for it' '
	mv "$HS_TMP/known" was && run $in --cmd uptime -- sh -c "! ssh web uptime; handseal why; handseal why deploy@web1.example.com id -un" >out 2>err; cat out err; mv was "$HS_TMP/known" &&
	grep "host-key-unknown" out && grep "$(ssh-keygen -lf "$HS_TMP/ssh_host_ed25519_key.pub" | cut -d" " -f2)" out && grep -F "handseal request --user deploy --host web1.example.com --cmd " out
'
test_expect_success 'scp, sftp and rsync, inside the scope and outside' '
	run $in --cmd subsystem:sftp -- scp -q web:files/one got && test "$(cat got)" = one && ! run $in --cmd subsystem:sftp -- scp -q got web:files/two && test ! -e "$files/two" &&
	run $in --cmd subsystem:sftp-write -- scp -q got web:files/two && test "$(cat "$files/two")" = one && echo "get files/one got2" >batch &&
	run $in --cmd subsystem:sftp -- sftp -q -b batch web && test "$(cat got2)" = one && ! run $in --cmd uptime -- sftp -q -b batch web &&
	run $in --cmd "rsync --server --sender ..." -- rsync -a web:files/ mirror/ && test "$(cat mirror/two)" = one && ! run $in --cmd "rsync --server --sender ..." -- rsync -a mirror/ web:files/ &&
	run $in --cmd "rsync --server ..." -- rsync -a mirror/ web:copies/ && test "$(cat "$HS_HOME_deploy/copies/two")" = one && ! run $in --cmd uptime -- rsync -a web:files/ no/
'
test_expect_success 'git fetches where it may fetch, pushes where it may push, and signs' '
	hs_as deploy git init -q -b main --bare "$HS_HOME_deploy/web.git" && git config --global user.name a && git config --global user.email a@example.com &&
	git init -q -b main work && (cd work && echo x >x && git add x && git commit -q -m x && git remote add web web:web.git) &&
	push="git-receive-pack web.git" fetch="git-upload-pack web.git" && ! run $in --cmd "$fetch" -- git -C work push -q web main &&
	run $in --cmd "$push" -- git -C work push -q web main && run $in --cmd "$fetch" -- git clone -q web:web.git clone && test "$(cat clone/x)" = x &&
	! run $in --cmd "$push" -- git clone -q web:web.git no && git -C work config core.sshCommand "ssh -i $HOME/.ssh/id_ed25519" && run $in --cmd "$fetch" -- git -C work fetch -q web &&
	cat >sign.sh <<-\EOF && run $in --cmd uptime --ns git -- sh sign.sh && git -C work cat-file commit HEAD | grep "BEGIN SSH SIGNATURE" && ! run $in --cmd uptime -- sh sign.sh
	ssh-add -L >key.pub && git -C work -c gpg.format=ssh -c user.signingkey="$PWD/key.pub" commit -q --allow-empty -S -m signed
	EOF
'
test_expect_success 'libssh logs in by the same socket' '
	run $in --cmd "id -un" -- libssh_client $HS_PORT deploy agent - "$HS_TMP/known_hosts" "id -un" >out && grep -x deploy out
'
test_expect_success 'the main socket, found from below, is the seat all the same' '
	run $in --cmd uptime -- env HANDSEAL_SOCK=$HANDSEAL_SOCK sh -c "handseal open $in --cmd id; handseal close; handseal list" >out 2>err; cat out err; grep "this is a seat" err && handseal status | grep "^open"
'
test_expect_success 'more: one request, one touch, and the seat has it' '
	hs_spawn more handseal run --agent claude $in --cmd uptime -- sh -c "ssh web id -un; handseal request $in --cmd \"id -un\" --uses 1 --ttl 10m --reason look && ssh web id -un; ssh web uptime" && hs_softkey blue wait 20 && hs_softkey blue touch &&
	hs_wait more 20 && test $HS_STATUS = 0 && cat $HS_TMP/more.log && grep -x deploy $HS_TMP/more.log && test $(grep -c -x deploy $HS_TMP/more.log) = 1 && grep "granted until .*: ssh deploy@web1.example.com .*id -un" $HS_TMP/more.log &&
	grep "load average" $HS_TMP/more.log && grep "3 logins, 1 escalation" $HS_TMP/more.log
'
test_expect_success 'less: a seat below, with less, by the same command' '
	opened --depth 1 && run $in --cmd uptime --cmd "id -un" --depth 1 -- handseal run --agent tests $in --cmd "id -un" -- sh -c "ssh web id -un && ! ssh web uptime && handseal list" >out 2>err; cat out err; grep -x deploy out && grep tests out && ! grep claude out
'
test_expect_success 'killed: the seat goes with its runner' '
	hs_spawn long handseal run --agent claude $in --cmd uptime -- sleep 300 && hs_wait_for "seats && pgrep -x sleep" 10 && kill -KILL $(hs_pid long) && hs_wait_for "! seats" 10 && hs_wait_for "grep -q \"seat-end.*whoever asked\" $log" 5 &&
	pkill -f "sleep 300"
'
test_expect_success 'what touches allowed, and nothing else, is on record' '
	handseal audit verify >audited || { cat audited && false; }
'
hs_done
