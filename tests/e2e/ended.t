#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: with a stock sshd, what handseal-shell runs ends within two seconds of a revocation and of its grant's end,
# whatever it is and whatever it ignores: with all that it started, and with the connection, multiplexed or not. What stays is
# what the pages say stays. And what ends by itself ends as it would without handseal-shell.
test_description='sessions that are ended'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
. "$(dirname "$0")/../lib/late.sh"
hs_ns "$0" "$@"
hs_init "$@"

at=deploy@127.0.0.1
lists=$HS_TMP/lists
list() { forgelist "$lists/$id.list" root="$HS_TMP/root" session="$HS_TMP/session" "$@"; }
logged() { hs_wait_for "grep -q -e \"$1\" \"$HS_TMP/syslog\"" 5 || { cat "$HS_TMP/syslog" && false; }; }
opts() { echo $HS_SSH_OPTS -i "$HS_TMP/id" -o CertificateFile="$HS_TMP/$1-cert.pub"; }
# master CERT: a connection that is shared, at $mux
master() {
	rm -f "$mux" && hs_spawn master ssh $(opts $1) -o ControlMaster=yes -o ControlPath="$mux" -N $at &&
		hs_wait_for "test -S $mux || ! hs_alive master" 10 && test -S "$mux"
}
over() { ssh -F /dev/null -o ControlPath="$mux" "$@"; }
on() { over -n $at "$@"; }
# job NAME SSH-OPTION...: over it, in the background
job() {
	job_=$1
	shift
	hs_spawn $job_ ssh -F /dev/null -o ControlPath="$mux" "$@"
}
nobody() { ! pgrep -u deploy >/dev/null; }
running() { hs_wait_for "test \$(pgrep -u deploy -x sleep | wc -l) -ge $1" 10; }
# within MS SINCE: nothing of deploy's runs any more, not even sshd's process, and it took no longer
within() {
	hs_wait_for nobody 10 || { ps -ef && return 1; }
	took "$@"
}
# brief S COMMANDS: see in_time
brief() { in_time "$1" "$2" "hs_stop one && hs_stop two && hs_stop deaf && hv_leave $mux && hs_wait_for nobody 10"; }
mux=$HS_TMP/mux

script() { printf '%s\n' "$2" >"$HS_HOME_deploy/$1"; }

test_expect_success 'a server that reads lists, and a scope of anything' '
	late_start && mkdir -m 755 "$lists" && hv_setup && hv_conf "HostName web1.example.com" "Revocations $lists" && hv_scope "user deploy" "host *" "addr *" "cmd *" "permit pty" >any && hv_cert any scope=any serial=5 &&
	id=$(ssh-keygen -L -f "$HS_TMP/any-cert.pub" | sed -n "s/.*handseal:\([0-9a-f]*\):5:.*/\1/p") && test -n "$id" && hv_scope "user deploy" "host *" "addr *" "cmd sleep ..." >some && hv_cert some scope=some serial=6 &&
	script stubborn "trap \"\" HUP TERM INT QUIT PIPE; while :; do sleep 1; done" && script detach "(trap \"\" HUP TERM; exec sleep 1003) & exec sleep 1004" && script int "trap \"echo interrupted >got; exit 4\" INT; echo ready; while :; do sleep 0.1; done"
'
test_expect_success 'what ends by itself: status, signal, output, input' '
	test_expect_code 7 hv_ssh any $at "exit 7" && test_expect_code 137 hv_ssh any $at "kill -9 \$\$" && logged "deploy: ended after [0-9]* s by signal 9: kill -9" && logged "deploy: ended after [0-9]* s with status 7: exit 7 (from 127.0.0.1, root SHA256:[^,]*, id .handseal:$id:5:claude.)" &&
	test "$(head -c 3000000 /dev/zero | hv_ssh any $at "cat | wc -c")" = 3000000 && test "$(hv_ssh any $at "yes | head -c 1000000" | wc -c)" = 1000000 && test_expect_code 3 hv_ssh any $at "echo out; echo err >&2; exec >&- 2>&-; exit 3" >both 2>&1 && grep out both && grep err both && hv_ssh any -n $at "yes | head -1" && within 5000 $(now)
'
test_expect_success 'a terminal: interrupts and hangups reach the command' '
	: >"$HS_TMP/tty" && { hs_wait_for "grep -q ready $HS_TMP/tty" 10 && printf "\003"; } | hv_ssh any -tt $at exec sh int >"$HS_TMP/tty"; hs_wait_for "grep -q interrupted $HS_HOME_deploy/got" 5 && within 5000 $(now) &&
	hs_spawn hang ssh -tt $(opts any) $at "exec sleep 1000" && running 1 && hs_stop hang && within 5000 $(now) && logged "ended after [0-9]* s by signal 1: exec sleep 1000"
'
test_expect_success 'rule5: revoked, and gone: over one connection a login shell, its jobs, what ignores all signals, what has left its session' '
	master any && job one -n $at sh stubborn && job two -n $at "setsid sh detach & exec sleep 1005" && echo "sleep 1001 & sleep 1002" >"$HS_TMP/keys" && hs_spawn shell sh -c "exec ssh -F /dev/null -o ControlPath=$mux -tt $at <$HS_TMP/keys" && running 6 &&
	since=$(now) && list serials=5 && within 2000 $since && hs_wait master 10 && hs_wait one 10 && hs_wait two 10 && hs_wait shell 10 && grep "handseal: ended, revoked: the certificate has been revoked" "$HS_TMP/one.log" && grep "handseal: ended, revoked" "$HS_TMP/shell.log" &&
	logged "handseal-shell.*deploy: was ended after [0-9]* s, revoked, the certificate has been revoked, and its connection with it: sh stubborn (from" && hs_alive sshd && list && test_expect_code 7 hv_ssh any $at "exit 7"
'
test_expect_success 'rule5: a root that is taken out of the server'\''s, or this login out of the root'\''s: nothing starts, what runs ends, also by a list' '
	forgecert root ed25519 "$HS_TMP/other" && cp $HS_SERVER/roots roots.was && hv_cert gone scope=any serial=13 &&
	master gone && on true && job one -n $at sleep 1013 && running 1 && since=$(now) && hv_roots "users=\"deploy\" $(cat "$HS_TMP/other.pub")" && { on true 2>err; test $? = 126; } && grep "refused, root-unknown" err && within 3000 $since && hs_wait one 10 && hs_wait master 10 &&
	grep "handseal: ended, root-unknown: the root behind this login is no longer trusted here" "$HS_TMP/one.log" && logged "was ended after .*root-unknown.*and its connection with it: sleep 1013" && cp roots.was $HS_SERVER/roots &&
	master gone && job one -n $at sleep 1013 && running 1 && since=$(now) && sed "s/users=\"[^\"]*\"/users=\"other\"/" roots.was >roots.narrow && cp roots.narrow $HS_SERVER/roots && { on true 2>err; test $? = 126; } && grep "refused, root-not-for-user" err && within 3000 $since && hs_wait one 10 && hs_wait master 10 &&
	mkdir $HS_SERVER/roots.d && sed "s/^users=[^ ]* //" roots.was >$HS_SERVER/roots.d/deploy && : >$HS_SERVER/roots && master gone && job one -n $at sleep 1013 && running 1 && since=$(now) && rm $HS_SERVER/roots.d/deploy && within 3000 $since && hs_wait one 10 && hs_wait master 10 && rmdir $HS_SERVER/roots.d && cp roots.was $HS_SERVER/roots &&
	master gone && job one -n $at sleep 1013 && running 1 && since=$(now) && rm $HS_SERVER/roots && within 3000 $since && hs_wait one 10 && hs_wait master 10 && cp roots.was $HS_SERVER/roots
'
test_expect_success 'rule5: a file of roots that is written over in two steps ends nothing' '
	master gone && job one -n $at "sleep 4; echo done" && running 1 && perl -e "my @was = <STDIN>; open my \$f, q(>), shift or die; select undef, undef, undef, 0.05; print \$f @was" "$HS_SERVER/roots" <roots.was && hs_wait one 10 && grep done "$HS_TMP/one.log" && cmp roots.was "$HS_SERVER/roots" && logged "deploy: ended after \\([4-9]\\|[1-9][0-9]\\) s with status 0: sleep 4" && on true && hv_leave $mux
'
# AddressSanitizer itself needs /proc and descriptors at the end of a program: there it is the other build's to show
if ldd "$HS_BIN/handseald" | grep -q libasan; then
	echo "# with AddressSanitizer nothing ends without /proc"
else
test_expect_success 'rule5: with /proc gone, or its limits taken by what it runs, it is ended all the same' '
	hs_spawn six ssh -n $(opts some) $at sleep 1014 && running 1 && since=$(now) && mount -t tmpfs none /proc && list serials=6 && { hs_wait six 10; umount /proc; } && within 3000 $since && logged "was ended after .*, and its connection with it: sleep 1014" && list &&
	for n in nofile=0 nofile=3 as=1000000; do
		rm -f $HS_HOME_deploy/limited && hs_spawn five ssh -n $(opts any) $at "sleep 1015 & prlimit --pid \$PPID --$n && : >limited; sleep 1016" && hs_wait_for "test -e $HS_HOME_deploy/limited" 10 && since=$(now) && within 4000 $since && hs_wait five 10 &&
			logged "was ended after .*io-failed, it can no longer be seen whether this was revoked.*connection with it: sleep 1015.*$n" || return 1
	done
'
fi
test_expect_success 'rule5: shells that fork on and on, and go each time, are overtaken' '
	script link "sh link & exit 0" && script chain "trap \"\" HUP TERM; for i in \$(seq 20); do sh link & done; echo chained" && hs_spawn five ssh -n $(opts any) $at "sh chain; sleep 1017" && hs_wait_for "grep -q chained $HS_TMP/five.log" 10 && running 1 && since=$(now) && list serials=5 && within 4000 $since && hs_wait five 10 && list
'
test_expect_success 'one that was not named goes on' '
	hs_spawn six ssh -n $(opts some) $at sleep 1005 && hs_spawn five ssh -n $(opts any) $at sleep 1006 && running 2 && list serials=5 && hs_wait five 10 && hs_alive six && pgrep -u deploy -f "sleep 1005" && list serials=6 && hs_wait six 10 && within 1000 $(now) && list
'
test_expect_success 'rule5: by the server'\''s own file, which was not there before, or is a link to elsewhere' '
	hs_spawn six ssh -n $(opts some) $at sleep 1006 && running 1 && since=$(now) && echo "$id lost" >$HS_SERVER/revoked && within 2000 $since && hs_wait six 10 && mkdir "$HS_TMP/elsewhere" && : >"$HS_TMP/elsewhere/r" && ln -sf "$HS_TMP/elsewhere/r" $HS_SERVER/revoked &&
	hs_spawn six ssh -n $(opts some) $at sleep 1006 && running 1 && since=$(now) && echo "$id lost" >"$HS_TMP/elsewhere/r" && within 2000 $since && hs_wait six 10 && rm $HS_SERVER/revoked
'
test_expect_success 'root'\''s login too: its connection, and not sshd' '
	hv_scope "user root" "host *" "addr *" "cmd sleep ..." >roots && hv_cert root scope=roots serial=11 && hs_spawn root ssh -n $(opts root) root@127.0.0.1 sleep 1011 && hs_wait_for "pgrep -f \"^sleep 1011\"" 5 && pgrep -f "^sshd: root@" && list serials=11 && hs_wait root 10 && hs_wait_for "! pgrep -f \"^sleep 1011\" && ! pgrep -f \"^sshd: root@\"" 5 && hs_alive sshd && logged "root: was ended after .*and its connection with it: sleep 1011" && list
'
test_expect_success 'rule5: a list that is written over bit by bit, in a folder that is named only later' '
	list && hv_conf "HostName web1.example.com" && hs_spawn six ssh -n $(opts some) $at sleep 1007 && running 1 && hv_conf "HostName web1.example.com" "Revocations $lists" && forgelist whole.list root="$HS_TMP/root" session="$HS_TMP/session" serials=6 &&
	for n in 1 2 3 4 5 6; do dd if=whole.list of="$lists/$id.list" bs=100 skip=$((n - 1)) seek=$((n - 1)) count=1 conv=notrunc 2>/dev/null || return 1; done && since=$(now) && dd if=whole.list of="$lists/$id.list" bs=100 skip=6 seek=6 2>/dev/null && within 2000 $since && hs_wait six 10 && list
'
test_expect_success 'files that cannot be read end nothing, and start nothing; the log says so once' '
	master some && job six -n $at sleep 1008 && running 1 && : >"$HS_TMP/syslog" && chmod 600 $HS_SERVER/verify.conf && logged "what runs is not ended, but nothing would start: io-failed" && test_expect_code 126 on sleep 0 && chmod 644 $HS_SERVER/verify.conf && on sleep 0 && hs_alive six && test $(grep -c "what runs is not ended" "$HS_TMP/syslog") = 1 &&
	list serials=6 && hs_wait six 10 && hs_wait master 10 && within 1000 $(now) && list
'
test_expect_success 'at the grant'\''s end, after a notice' '
	brief 4 "hv_cert brief scope=any serial=7 grant-end=\$life before=\$life && end=\$((\$(date +%s) + life)) && master brief && job one -n $at sh stubborn && running 1 &&
		hs_wait_for \"grep -q \\\"handseal: the grant behind this login ends in [1-9][0-9]* s, and with it what runs here\\\" $HS_TMP/one.log || ! hs_alive one\" 10" && grep "ends in" "$HS_TMP/one.log" &&
	test "$(sed -n "s/.*login ends in \([0-9]*\) s, .*/\1/p" "$HS_TMP/one.log")" -le $life && hs_wait_for "test \$(date +%s) -ge $end" 40 && hs_alive sshd && within 2000 ${end}000 && hs_wait one 10 && hs_wait master 10 && grep "handseal: ended, expired: the grant behind this login has ended" "$HS_TMP/one.log" && logged "was ended after [0-9]* s, expired"
'
test_expect_success 'on-end drain: what runs may end by itself, nothing new starts; a revocation ends it all the same' '
	{ echo "on-end drain" && cat any; } >drain && brief 3 "hv_cert drain scope=drain serial=12 grant-end=\$life before=\$life && master drain && job one -n $at \"sleep \$((life + 2)); echo done\" && job two -n $at sh stubborn && running 2 && hs_alive one && hs_alive two" && hs_wait_for "! on true 2>err" 40 && grep "refused, expired" err && hs_wait one 40 && grep -x done "$HS_TMP/one.log" && ! grep "ends in" "$HS_TMP/one.log" && hs_alive two && since=$(now) && list serials=12 && within 2000 $since && hs_wait two 10 && hs_wait master 10 && list
'
test_expect_success 'the certificate'\''s own end ends nothing, and starts nothing' '
	brief 2 "hv_cert short scope=any serial=8 grant-end=100 before=\$life && master short && job one -n $at \"sleep \$((life + 2)); echo done\" && running 1 && hs_alive one" && hs_wait_for "! on true 2>err" 40 && grep "refused, expired" err && hs_wait one 40 && grep done "$HS_TMP/one.log" && hv_leave $mux
'
test_expect_success 'a client that reads nothing holds nothing up' '
	brief 4 "hv_cert brief scope=any serial=7 grant-end=\$life before=\$life && end=\$((\$(date +%s) + life)) && hs_spawn deaf ssh -n $(opts brief) $at \"yes >&2\" && hs_wait_for \"pgrep -u deploy yes || ! hs_alive deaf\" 10 && hs_alive deaf && kill -STOP \$(hs_pid deaf)" && hs_wait_for "test \$(date +%s) -ge $end" 40 && within 2000 ${end}000 && kill -CONT $(hs_pid deaf) && hs_wait deaf 10 && rm "$HS_TMP/deaf.log"
'
test_expect_success 'what has detached is not ended, nor is a connection without a session' '
	hv_cert late scope=any serial=9 && master late && on "setsid sleep 1009 >/dev/null 2>&1 </dev/null &" && running 1 && hs_spawn nine ssh -n $(opts late) $at sleep 1010 && running 2 && list serials=9 && hs_wait nine 10 && running 1 && hs_alive master && test_expect_code 126 on true && hv_leave $mux && pkill -u deploy sleep
'
hs_done
