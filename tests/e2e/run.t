#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: `handseal run` is as if the program had been run by itself: exit status, signals,
# streams, environment, what becomes of its children; only the agent is another. The seat costs what
# it costs, ends with the program or with us, and a daemon that lies gives none.
test_description='a program with a seat'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/run.sh"
hs_ns "$0" "$@"
hs_init "$@"

scope="--user other --host web1 --cmd uptime"
exits() { # exits STATUS CMD...: below a seat CMD ends so, and nothing is left of the seat
	exits_=$1
	shift
	test_expect_code $exits_ run "$@" && leaves_nothing
}
state() { hs_wait_for "hs_state_ $1; test \"\$hs_stat_\" $2" 5; } # state PID "= T"
# until_stop: a program that says when it has started, and ends with 5 when there is a file `stop`
until_stop="echo started; while [ ! -e stop ]; do sleep 0.05; done; exit 5"
of() { sed -n "/^{/p" "$1" | sed -n "$2p" >j; } # of FILE N: its Nth object is j

test_expect_success 'a person, and a daemon that gives seats' 'run_setup && seats fair'
test_expect_success 'exit statuses are the program'\''s' '
	exits 0 true && exits 3 sh -c "exit 3" && exits 255 sh -c "exit 255" && exits 143 sh -c "kill -TERM \$\$" &&
	exits 137 sh -c "kill -KILL \$\$" && exits 139 sh -c "kill -SEGV \$\$" && exits 129 sh -c "kill -HUP \$\$" &&
	exits 141 sh -c "kill -PIPE \$\$" && test -z "$(ls core* 2>/dev/null)"
'
test_expect_success 'where it is killed by a signal, so are we' '
	as perl -e "system(@ARGV); exit(\$? == 10 ? 0 : 1)" handseal run -q $scope -- sh -c "kill -USR1 \$\$" &&
	leaves_nothing
'
test_expect_success 'no such program: 127; one that cannot be run: 126; nobody is asked' '
	forget && exits 127 nonesuch && exits 127 ./nonesuch && exits 127 "" && exits 126 "$d" && : >noexec &&
	exits 126 ./noexec &&
	! grep make "$sock.asked" && printf "#!/nonesuch\n" >bad && chmod 755 bad && exits 127 ./bad && asked "^closed" &&
	printf "exit 4\n" >script && chmod 755 script && exits 4 ./script
'
test_expect_success 'what is said, and -q' '
	any="any host: any command" && all="12 logins, 1 escalation, 2 refused in 41 min" &&
	does 0 "^handseal: seat 7c2e\.[0-9]* for claude until [-0-9: ]* [A-Z]*: other on $any$" run true &&
	grep -x "handseal: claude ended (0), seat closed. $all" err && test ! -s out &&
	does 143 "claude ended (TERM), seat closed" run sh -c "kill -TERM \$\$" &&
	opts=-q && run true >out 2>err && test ! -s out && test ! -s err && opts=--quiet && run echo hello >out 2>err &&
	grep hello out && test ! -s err && opts= && seats few && does 0 "closed. 1 login, 1 signature in 41 min" run true &&
	seats simulated && does 0 "SIMULATED: a software key" run true && seats fair
'
test_expect_success 'the reason is the command line, in one line and not too long' '
	forget && run sh -c ": \"a b\" \$1" sh x &&
	asked "make	claude	sh -c .: \"a b\" \$1. sh x	0	max-ttl 900" && forget &&
	run true "$(printf "x\ny\033[2J")" && asked "make	claude	true .x?y?\[2J.	" && forget &&
	run true "$(perl -e "print qq(\xc3\xa4) x 300")" && asked "…	" &&
	perl -F"\t" -lane "exit(length \$F[2] > 190 && length \$F[2] <= 200 ? 0 : 1) if /^make/" "$sock.asked" &&
	opts="--reason because --ttl 20m" && run true && asked "make	claude	because	1200	max-ttl 900" &&
	opts="--ttl 5m" && run true && asked "	300	max-ttl 300" && opts=
'
test_expect_success 'scopes by name, from a file, and mistakes' '
	as handseal run --scope a,b true && asked "make	unknown	true	0	max-ttl 600.*user a.nuser b" &&
	printf "max-ttl 60\nmax-uses 1\n\nns git\n" >scope && as handseal run --scope-file scope true &&
	asked "make.*ns git" &&
	for o in "" "--scope a" "$scope" "true" "$scope --agent A true" "$scope --ttl 0 true" "$scope --ttl 9h true" \
		"$scope --wait x true" "$scope --nonesuch true" "--user a --user true" "--scope a --user b true" "$scope -x true"; do
		usage run $o || { echo "# $o" && return 1; }
	done && does 2 "--user" handseal run --user -root --host a --cmd b true &&
	does 0 "^usage: handseal run" handseal run --help
'
test_expect_success 'options behind the program'\''s name are its own' '
	test "$(as handseal run -q $scope echo -q --json -- x)" = "-q --json -- x"
'
test_expect_success 'the environment' '
	(export GIT_SSH=x RSYNC_RSH=x SSH_AGENT_PID=1 HANDSEAL_PID=1 SSH_AUTH_SOCK=/x HANDSEAL_SEAT=x KEPT=yes &&
	run env) >out &&
	grep -x "HANDSEAL_SOCK=$sock" out && grep -x "SSH_AUTH_SOCK=$sock" out &&
	grep -x "HANDSEAL_SEAT=7c2e0*\.[0-9]*" out &&
	grep -x KEPT=yes out && grep "^PATH=$d/run/handseal-run\.[^/]*/bin:.*/usr/bin" out &&
	test "$(grep -c ^PATH= out)" = 1 &&
	grep -x "GIT_SSH_COMMAND=$d/run/handseal-run\.[^/]*/bin/ssh" out && test "$(grep -c SSH_AUTH_SOCK out)" = 1 &&
	! grep -E "^(GIT_SSH|RSYNC_RSH|SSH_AGENT_PID|HANDSEAL_PID)=" out
'
test_expect_success 'signal masks, ignored signals and descriptors are as they were' '
	as cat /proc/self/status >plain && run cat /proc/self/status >seated && for f in SigBlk SigIgn SigCgt; do
		grep "^$f" plain >a && grep "^$f" seated >b && test_cmp a b || return 1
	done && (trap "" HUP USR2 && as cat /proc/self/status &&
	as handseal run $scope cat /proc/self/status) | grep "^SigIgn" | uniq >ign &&
	test "$(wc -l <ign)" = 1 && ! grep "0000$" ign && for c in "as" "run"; do
		$c ls -l /proc/self/fd 7</dev/null >fds && sed -n "s/.* \([0-9]*\) -> .*/\1/p" fds >fds.$c || return 1
	done && test_cmp fds.as fds.run && grep 7 fds.run
'
test_expect_success 'standard input and output, as if we were not there' '
	test "$(head -c 300000 /dev/zero | run wc -c)" = 300000 &&
	test "$(run head -c 300000 /dev/zero | wc -c)" = 300000 &&
	test "$(run yes 2>err | head -n 1)" = y && grep "ended (PIPE)" err && run cat <&- && mkfifo pipe &&
	chown deploy: pipe &&
	background eof sh -c "echo started; exec >pipe; exec >&-; $until_stop" && timeout 10 cat pipe && touch stop &&
	ends eof 5 && rm stop
'
test_expect_success 'signals go to the program' '
	for s in TERM HUP INT QUIT USR1 USR2; do
		background sig sh -c "trap \"echo got; exit 9\" $s; echo started; while :; do sleep 0.05; done" &&
		kill -$s $pid &&
			ends sig 9 && grep got "$HS_TMP/sig.log" && leaves_nothing || { echo "# $s" && return 1; }
	done && background sig sh -c "echo started; exec sleep 100" && kill -TERM $pid && ends sig 143 &&
	grep "ended (TERM)" "$HS_TMP/sig.log" &&
	background sig sh -c "trap \"echo term\" TERM; trap \"echo size\" WINCH; $until_stop" &&
	kill -WINCH $pid && hs_wait_for "grep -q size $HS_TMP/sig.log" 5 && kill -TERM $pid &&
	hs_wait_for "grep -q term $HS_TMP/sig.log" 5 && hs_alive sig && touch stop && ends sig 5 && rm stop
'
test_expect_success 'stopped and continued from outside, without a terminal' '
	background stop setsid sh -c "$until_stop" && child=$(pgrep -P $pid) && kill -STOP $child && state $child "= T" &&
	state $pid "= S" && kill -CONT $child && state $child "!= T" && kill -STOP $child && state $child "= T" &&
	kill -CONT $pid &&
	state $child "!= T" && touch stop && ends stop 5 && rm stop
'
test_expect_success 'orphans are reaped, not killed, and the seat ends with the program' '
	forget && background orphan sh -c "echo started; (sh -c \"sleep 0.1; exec sleep 100\" >/dev/null 2>&1 &)
		(sh -c \"sleep 0.1; exit 1\" &); (sleep 0.2; exit 2)& $until_stop" &&
	hs_wait_for "test \"\$(pgrep -x -P $pid sleep)\"" 10 && hs_wait_for "test \$(pgrep -c -P $pid) = 2" 10 &&
	touch stop && ends orphan 5 && rm stop && grep "seat closed" "$HS_TMP/orphan.log" && asked "^end" &&
	kill $(pgrep -x -f "sleep 100")
'
test_expect_success 'the daemon ends: one line, and the program goes on' '
	background lost sh -c "$until_stop" && hs_stop seats &&
	hs_wait_for "grep -q \"is gone: handseald\" $HS_TMP/lost.log" 5 &&
	hs_alive lost && touch stop && ends lost 5 && test "$(grep -c "is gone" "$HS_TMP/lost.log")" = 1 && rm stop &&
	grep -x "handseal: claude ended (5)" "$HS_TMP/lost.log" && leaves_nothing &&
	for how in hang_up unasked; do
		seats $how && does 5 "is gone: handseald closed" run sh -c "until grep -q gone err; do sleep 0.05; done; exit 5" &&
		grep "claude ended (5)$" err || return 1
	done && for how in no_end refuse_end other_end; do
		seats $how && does 0 "claude ended (0)$" run true || return 1
	done && seats fair
'
test_expect_success 'we are killed: the seat ends, the program goes on' '
	forget && background killed sh -c "(trap : EXIT; $until_stop); touch done" && kill -KILL $pid && ends killed 137 &&
	asked "^closed	7c2e" && ! grep "^end" "$sock.asked" && touch stop && hs_wait_for "test -e done" 5 &&
	rm stop done &&
	rm -r "$d"/run/handseal-run.*
'
test_expect_success 'a seat that costs a touch' '
	seats touch && { (hs_wait_for "grep -qs pending $sock.asked" 10 && test ! -e ran &&
	hs_as deploy touch "$sock.touched") & } &&
	does 0 "4F7 waits for a touch; the person sees 4F7 too" run touch ran && wait $! && test -e ran &&
	rm "$sock.touched" ran &&
	opts="--wait 1" && does 7 "4F7 was not answered in time, and is called off" run touch ran && opts="--wait 0" &&
	does 7 "not answered" run touch ran && opts= && test ! -e ran && seats declined &&
	does 4 "4F7 declined. The same or more is refused until" run touch ran && seats gone &&
	does 3 "(gone)" run touch ran &&
	seats gone_soon && does 7 "not answered in time" run touch ran && seats refuse &&
	does 3 "not asked: no?\[2J (denied-by-policy)" run touch ran && seats no_session &&
	does 5 "(no-session)" run touch ran &&
	hs_stop seats && does 6 "(no-daemon)" run touch ran && test ! -e ran && leaves_nothing
'
test_expect_success 'an interrupt while it waits for the touch calls it off, and leaves nothing' '
	seats touch &&
	hs_spawn wait $as_deploy env XDG_RUNTIME_DIR="$d/run" HANDSEAL_SOCK="$sock" "$HS_BIN/handseal" run $scope touch ran &&
	asked pending && kill -TERM $(hs_pid wait) && ends wait 143 && asked "^closed" && test ! -e ran && leaves_nothing
'
test_expect_success 'rule10: answers that cannot be are no seat' '
	for how in bad_id long_id bad_socket nul_socket lf_socket long_socket bad_scope more bad_status; do
		seats $how && does 1 "malformed" run touch ran && test ! -e ran && leaves_nothing || { echo "# $how" &&
		return 1; }
	done && seats fair
'
test_expect_success '--json: a line each on stderr; stdout is the program'\''s' '
	opts=--json && test_expect_code 3 run sh -c "echo mine; exit 3" >out 2>err && test "$(cat out)" = mine &&
	test "$(wc -l <err)" = 2 &&
	of err 1 && is j "\$j->{event} eq q(seated) && \$j->{seat} =~ /^7c2e0{12}[.]/ && \$j->{agent} eq q(claude)" &&
	is j "\$j->{end}{unix} > time && \$j->{socket} eq q($sock) && \$j->{scope} =~ /^user other\$/m && \$j->{touched}" &&
	is j "!\$j->{simulated} && !@{\$j->{bare_keys}}" && of err 2 &&
	is j "\$j->{event} eq q(unseated) && \$j->{exit} == 3" &&
	is j "!defined \$j->{signal} && \$j->{logins} == 12 && \$j->{escalations} == 1 && \$j->{refused} == 2 && \$j->{began}{unix}" &&
	test_expect_code 143 run sh -c "kill -TERM \$\$" 2>err && of err 2 &&
	is j "!defined \$j->{exit} && \$j->{signal} eq q(TERM)" &&
	seats hang_up && run sh -c "until grep -q lost err; do sleep 0.05; done" >out 2>err && test ! -s out && of err 2 && is j "\$j->{event} eq q(lost)" &&
	of err 3 &&
	is j "!defined \$j->{logins} && \$j->{exit} == 0" && seats refuse && test_expect_code 3 run true >out 2>err &&
	test ! -s out &&
	of err 1 && is j "\$j->{error}{exit} == 3" && test_expect_code 127 run nonesuch >out 2>err && test ! -s out &&
	of err 1 &&
	is j "\$j->{error}{exit} == 127" && opts= && seats fair
'
hs_done
