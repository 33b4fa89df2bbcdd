#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: an agent that runs as a user of its own, on a seat that its person shares with that user by the commands
# of docs/THREATS.md. It logs in and asks for more as on any seat; it reaches neither the main socket nor another seat, nor
# the person's files; and nobody else reaches its seat. deploy is the person, other the agent's user, sudo the real one.
test_description='a seat shared with another user'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
. "$(dirname "$0")/../lib/cli.sh"
command -v sudo >/dev/null || hs_skip "sudo is not installed"
hs_ns "$0" "$@"
hs_init "$@"

d=$HS_TMP/d
own="HOME=$HS_HOME_deploy XDG_CONFIG_HOME=$d/config XDG_STATE_HOME=$d/state XDG_RUNTIME_DIR=$d/run HANDSEAL_SOCK=$d/run/a.sock"
log=$d/state/handseal/audit.jsonl
in="--user deploy --host web1.example.com --cmd uptime --depth 1 --ttl 15m"
person="setpriv --reuid=deploy --regid=deploy --clear-groups env $own" # hs_as as a program, with all that is deploy's
base="KnownHosts $d/known
Agent claude
    Scope *
Limits
    Prompts 100
    PromptsAll 100"
# me CMD...: as the person. agent [OPTION...] -- CMD...: the agent, run by the person as the user other
me() { hs_as deploy env $own "$@"; }
agent() {
	opts_=
	while [ "$1" != -- ]; do opts_="$opts_ $1" && shift; done
	shift
	set -f
	me timeout 60 handseal run $in --agent claude --share other $opts_ -- sudo -n -u other "$@"
	agent_=$?
	set +f
	return $agent_
}
theirs() { # theirs SOCKET CMD...: a process of other's that no seat began
	theirs_=$1
	shift
	hs_as other env HANDSEAL_SOCK="$theirs_" SSH_AUTH_SOCK="$theirs_" HANDSEAL_SEAT=x "$@"
}
rules() { printf '%s\n' "$@" >$d/config/handseal/policy && { ! hs_alive mine || me handseal policy reload >reloaded 2>&1 || { cat reloaded && false; }; }; }
start() {
	hs_spawn mine $person "$HS_BIN/handseald" -D -a $d/run/a.sock &&
		hs_wait_for "grep -qs 'serving on' $HS_TMP/mine.log || ! hs_alive mine" 10 && hs_alive mine
}
# last EVENT TEXT: the last record of that event says so; who is turned away is told before it is on disk
last() {
	last_event=$1 last_text=$2
	hs_wait_for 'grep "\"event\":\"$last_event\"" "$log" | tail -n 1 | grep -q -e "$last_text"' 5 || { tail -n 3 "$log" && false; }
}
folders() { ls -d /tmp/handseal.seat-* 2>/dev/null; }
blue() { softkey-ctl "$d/blue.ctl" "$@"; }
# own_tmp: a /tmp for this test alone, in which what others have in theirs is still to be found
own_tmp() {
	mkdir $HS_ROOT/oldtmp && mount --rbind /tmp $HS_ROOT/oldtmp && mount -t tmpfs -o mode=1777 tmpfs /tmp || return 1
	for e in $HS_ROOT/oldtmp/*; do case $e in */handseal.seat-*) ;; *) [ ! -e "$e" ] || ln -s "$e" /tmp/ || return 1 ;; esac; done
}
# keeps NAME ARG...: a seat that stays, its socket in $sock
keeps() {
	keeps_=$1
	shift
	set -f
	hs_spawn "$keeps_" $person "$HS_BIN/handseal" run $in --agent claude --json "$@" -- sh -c "echo \$\$ >>$d/left; exec sleep 1000"
	set +f
	hs_wait_for "grep -q seated $HS_TMP/$keeps_.log" 20 && sock=$(sed -n 's/.*"socket": *"\([^"]*\)".*/\1/p' $HS_TMP/$keeps_.log | head -n 1) && test -S "$sock"
}

test_expect_success 'a person, a user for agents, and what root did once' '
	own_tmp && mkdir $d && mkdir -m 700 $d/config $d/config/handseal $d/state $d/run && chown -R deploy: $d && chmod 755 "$HS_TMP" . && chmod 1777 . &&
	cat >$HS_ROOT/etc/sudoers <<-EOF && chmod 440 $HS_ROOT/etc/sudoers && touch /etc/sudoers && mount --bind $HS_ROOT/etc/sudoers /etc/sudoers &&
	Defaults secure_path="$HS_BIN:/usr/bin:/bin"
	Defaults:deploy env_keep += "HANDSEAL_SOCK HANDSEAL_SEAT SSH_AUTH_SOCK"
	deploy ALL=(other) NOPASSWD: ALL
	EOF
	test "$(me sudo -n -u other id -un)" = other && ! me sudo -n id && rules "$base" &&
	hs_spawn key setpriv --reuid=deploy --regid=deploy --clear-groups softkey -s $d/blue.sock -c $d/blue.ctl -S $d/blue.state && hs_wait_for "grep -q ^ready $HS_TMP/key.log" 10 && chmod 666 $d/blue.ctl &&
	start && blue touch-next && me timeout 30 handseal enroll --device softkey:$d/blue.sock --name blue && rules "$base" && hs_sshd_start &&
	sed "s/^\[[^ ]*/web1.example.com/" $HS_TMP/known_hosts >$d/known && chown deploy: $d/known && echo "HostName web1.example.com" >$HS_SERVER/verify.conf && me handseal roots --pub >pub &&
	key=$(grep -o "sk-ssh-ed25519@openssh.com [A-Za-z0-9+/=]*" pub | head -n 1) && echo "users=\"deploy\" $key blue" >$HS_SERVER/roots &&
	hs_spawn watcher $person eventctl follow 1 && hs_wait_for "grep -qs ^last $HS_TMP/watcher.log" 10
'
test_expect_success 'rule2: without AllowUser it is refused, and nobody is asked' '
	n=$(grep -c "\"event\":\"ask\"" "$log"); test_expect_code 3 agent -- true 2>err; grep "does not name uid 4002 in AllowUser" err && grep "(denied-by-policy)" err && last refuse "denied-by-policy" &&
	test "$n" = "$(grep -c "\"event\":\"ask\"" "$log")" && ! folders && does 2 "there is no user nonesuch" me handseal run $in --share nonesuch true && does 2 "root needs no seat" me handseal run $in --share root true &&
	rules "AllowUser other" "$base" && test_expect_code 3 me handseal run $in --share 4003 true 2>err && grep "uid 4003" err && test_expect_code 3 me handseal run $in --share deploy true 2>err && grep "own already" err
'
test_expect_success 'one touch gives it one, and says with whom it is shared' '
	hs_spawn first $person timeout 60 handseal run $in --agent claude --share other -- sudo -n -u other sh -c "id -un; ssh-add -L; echo \$HANDSEAL_SEAT" && blue wait 20 &&
	grep "NEW, on a seat of its own, which the user other (uid 4002) may use, while its command runs" $HS_TMP/watcher.log && blue touch && hs_wait first 20 && test $HS_STATUS = 0 && cat $HS_TMP/first.log &&
	grep -x other $HS_TMP/first.log && grep "^ssh-ed25519-cert" $HS_TMP/first.log && grep "seat .* for claude, shared with other, until" $HS_TMP/first.log && last seat "\"share\":4002" && ! folders
'
test_expect_success 'under an open session it costs none: open said so' '
	blue touch-next && me timeout 30 handseal open --user deploy --host web1.example.com --cmd uptime --cmd hostname --depth 1 --ttl 1h >out && grep "Any program of yours may use it, and share a seat with other, for" out &&
	touches=$(grep -c "\"event\":\"touch\"" "$log") && test "$(agent -q -- id -u)" = 4002 && test $touches = $(grep -c "\"event\":\"touch\"" "$log")
'
test_expect_success 'the agent logs in inside its scope, and not outside; its uid is on record' '
	cp $d/known $HS_HOME_other/ && chown other: $HS_HOME_other/known && ssh="ssh -F none -p $HS_PORT -o HostKeyAlias=web1.example.com -o UserKnownHostsFile=$HS_HOME_other/known -o BatchMode=yes -o LogLevel=ERROR" &&
	agent -q -- $ssh deploy@127.0.0.1 uptime >out && grep "load average" out && last sign "\"uid\":4002,\"origin\":\"local\"" && ! agent -q -- $ssh deploy@127.0.0.1 id && ! agent -q -- $ssh root@127.0.0.1 uptime &&
	! agent -q -- sh -c "cd $HS_HOME_other && ssh-add -L >k.pub && echo x >m && ssh-keygen -q -Y sign -n git -f k.pub m" && last refuse "\"uid\":4002,.*outside-scope.*\"ns\":\"git\""
'
test_expect_success 'it asks for more, and the prompt says as whom' '
	hs_spawn more $person timeout 60 handseal run $in --agent claude --share other -q -- sudo -n -u other handseal request --user deploy --host web1.example.com --cmd id --reason see && blue wait 20 &&
	grep "NEW, on its seat alone, which the user other (uid 4002) may use, for at most" $HS_TMP/watcher.log && grep "Any program of uid 4002 could have asked this" $HS_TMP/watcher.log && blue touch && hs_wait more 20 && test $HS_STATUS = 0 && last ask "\"uid\":4002"
'
test_expect_success 'what is a person'\''s does not exist there' '
	for c in "open --scope x" close "policy show" "policy reload" "approve 4F7"; do agent -q -- handseal $c >out 2>err && { echo "# $c" && return 1; }; cat err; done; agent -q -- handseal list >out && grep claude out && agent -q -- handseal status >out && grep "^seat" out &&
	! agent -q -- handseal open $in 2>err && grep "another user.s: it is not asked to open a session" err &&
	agent -q -- handseal run --user deploy --host web1.example.com --cmd uptime --agent tests -q -- ssh-add -L >out && grep "^ssh-ed25519-cert" out && last seat "\"uid\":4002,.*\"share\":4002"
'
test_expect_success 'it reaches neither the main socket, nor another seat, nor the person'\''s files' '
	keeps kept && other=$sock && keeps shared --share other && ! agent -q -- env HANDSEAL_SOCK=$d/run/a.sock handseal status 2>err && grep "Permission denied" err && ! agent -q -- env HANDSEAL_SOCK=$other handseal status 2>err && grep "Permission denied" err &&
	! agent -q -- cat $d/config/handseal/policy && ! agent -q -- cat /proc/$(hs_pid mine)/environ && test "$(stat -c %a "$(dirname "$sock")")" = 710 && theirs "$sock" handseal list >out && grep claude out &&
	theirs "$sock" ssh-add -L && ! theirs "$other" handseal status && does 6 "served by uid 4001, and this is uid 4002" hs_as other env HANDSEAL_SOCK="$sock" handseal status
'
test_expect_success 'nor where the folders would let it: its uid is looked at' '
	chmod 711 $d/run "$(dirname "$other")" && chmod 666 $d/run/a.sock "$other" && ! theirs $d/run/a.sock handseal status && last refuse "\"uid\":4002,.*\"code\":\"peer-refused\",\"sentence\":\"a process of another user connected\"" &&
	! theirs "$other" handseal status && last refuse "\"uid\":4002,.*with whom this seat is not shared" && chmod 755 "$(dirname "$sock")" && chmod 666 "$sock" &&
	! hs_as nobody env HANDSEAL_SOCK="$sock" HANDSEAL_SEAT=x handseal status && last refuse "\"uid\":65534,.*with whom this seat is not shared" && me handseal status | grep ^open
'
test_expect_success 'no more than 64 connections of that user: the others are for the person' '
	theirs "$sock" perl -MIO::Socket::UNIX -e "@c = map { IO::Socket::UNIX->new(Peer => \$ENV{HANDSEAL_SOCK}) } 1 .. 80;
		for (1 .. 100) { \$n = grep { \$_ && !defined(recv(\$_, \$x, 1, 0x42)) } @c; last if \$n == 64; select undef, undef, undef, 0.05 } print \"\$n\n\"" >out; cat out;
	test "$(cat out)" = 64 && me handseal status | grep ^open
'
test_expect_success 'the policy changes its mind: at once, for what is connected too' '
	hs_spawn held setpriv --reuid=other --regid=other --clear-groups env HANDSEAL_SOCK=$sock HANDSEAL_SEAT=x perl -MIO::Socket::UNIX -e "
		my \$s = IO::Socket::UNIX->new(Peer => \$ENV{HANDSEAL_SOCK}) or die; \$| = 1; print \"connected\n\"; <STDIN>; while (!-e \"$d/go\") { select undef, undef, undef, 0.05 }
		syswrite(\$s, pack(\"N/a*\", chr(11))); print sysread(\$s, my \$x, 100) ? \"answered\n\" : \"closed\n\"" && hs_wait_for "grep -qs ^connected $HS_TMP/held.log" 10 &&
	rules "$base" && ! theirs "$sock" handseal status && last refuse "\"uid\":4002" && touch $d/go && hs_wait held 10 && grep ^closed $HS_TMP/held.log && rules "AllowUser other" "$base" && theirs "$sock" handseal status
'
test_expect_success 'and what was opened under another policy is not shared silently' '
	rules "AllowUser other" "Deny user root" "$base" && hs_spawn again $person timeout 60 handseal run $in --agent claude --share other -q -- sudo -n -u other id -un && blue wait 20 && blue touch && hs_wait again 20 &&
	grep -x other $HS_TMP/again.log && me handseal run $in --agent claude -q -- true && rules "AllowUser other" "$base"
'
test_expect_success 'kill -9 of the runner, and of the daemon, whose folder the next one removes' '
	test -n "$(folders)" && hs_stop kept && kill -9 $(hs_pid shared) && hs_wait_for "! folders" 10 && hs_wait shared 5 && keeps shared --share other && f=$(folders) && kill -9 $(hs_pid mine) && hs_wait mine 5 && test -d $f &&
	start && test -d $f && hs_stop mine && touch -d "1 minute ago" $f && hs_as other mkdir /tmp/handseal.seat-others && start && ! test -d $f && test -d /tmp/handseal.seat-others
'
test_expect_success 'the end' 'hs_stop shared && for p in $(cat $d/left); do kill $p 2>/dev/null; done; test -s $d/left'
hs_done
