#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: handseald starts, prints and ends as ssh-agent does, makes its socket only where
# nobody else could interfere, serves nobody else, and takes any bytes.
test_description='handseald: start, socket, frames'
. "$(dirname "$0")/../lib/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

sock=$XDG_RUNTIME_DIR/handseal/agent.sock
log=$XDG_STATE_HOME/handseal/audit.jsonl

# fg ARG...: a daemon in the foreground, ready; HANDSEAL_SOCK is $sock or what -a says
fg() {
	serve handseald handseald -D "$@"
}
# serve NAME CMD...: starts a daemon by CMD and waits until it says that it serves (an older log is
# removed first: the new one is only made when CMD starts)
serve() {
	serve_=$1
	shift
	rm -f "$HS_TMP/$serve_.log"
	hs_spawn $serve_ "$@" &&
		hs_wait_for "grep -qs \"serving on\" $HS_TMP/$serve_.log || ! hs_alive $serve_" 10 &&
		hs_alive $serve_
}
# fails TEXT CMD...: exits 1 and says TEXT
fails() {
	text=$1
	shift
	test_expect_code 1 timeout 20 "$@" 2>err && grep -e "$text" err
}
gone() { hs_wait_for "! hs_running_ $1" 10; }

# ---- as ssh-agent

test_expect_success 'options: usage is exit 2' '
	for o in "-x" "-a" "-t 0" "-t 9h" "-t -1" "-t 9223372036854775808" "-t 1w" "-s -c" "-k -D" \
		"-s true" "-D true"; do
		test_expect_code 2 handseald $o 2>err && grep "^usage: handseald" err || return 1
	done
'
test_expect_success '-s prints settings for sh; -k ends it and prints how to unset them' '
	handseald -s >env && sed -e "s/[0-9][0-9]*/N/" env >shape &&
	cat >want <<-EOF &&
	HANDSEAL_SOCK=$sock; export HANDSEAL_SOCK;
	HANDSEAL_PID=N; export HANDSEAL_PID;
	echo Agent pid N;
	EOF
	sed "s/[0-9][0-9]*/N/" want >want.N && test_cmp want.N shape &&
	. ./env && agentctl status >st && grep "^socket $sock\$" st &&
	test "$(stat -c %a "$sock")" = 600 && handseald -k >unset &&
	printf "unset HANDSEAL_SOCK;\nunset HANDSEAL_PID;\necho Agent pid %s killed;\n" \
		"$HANDSEAL_PID" >want && test_cmp want unset &&
	gone "$HANDSEAL_PID" && test ! -e "$sock" && test ! -e "$sock.lock" &&
	unset HANDSEAL_SOCK HANDSEAL_PID
'
test_expect_success '-c prints them for csh, and so does a $SHELL that ends in csh' '
	handseald -c >env && grep "^setenv HANDSEAL_SOCK $sock;\$" env &&
	grep "^setenv HANDSEAL_PID [0-9]*;\$" env &&
	pid=$(sed -n "s/^setenv HANDSEAL_PID \(.*\);/\1/p" env) &&
	HANDSEAL_PID=$pid SHELL=/bin/tcsh handseald -k >unset && grep "^unsetenv HANDSEAL_SOCK;" unset &&
	gone $pid &&
	SHELL=/bin/tcsh handseald >env && grep "^setenv HANDSEAL_SOCK" env &&
	pid=$(sed -n "s/^setenv HANDSEAL_PID \(.*\);/\1/p" env) &&
	HANDSEAL_PID=$pid handseald -s -k >unset && grep "^unset HANDSEAL_SOCK;" unset && gone $pid
'
test_expect_success '-k without a pid, or with a strange one' '
	fails "HANDSEAL_PID is not set" handseald -k &&
	HANDSEAL_PID=-1 fails "is no process" handseald -k &&
	HANDSEAL_PID=1 fails "is no process" handseald -k
'
test_expect_success 'in the background it holds no terminal, no folder and no descriptors' '
	handseald -s 9>held >env && . ./env && p=/proc/$HANDSEAL_PID &&
	for fd in 0 1 2; do test "$(readlink $p/fd/$fd)" = /dev/null || return 1; done &&
	test "$(readlink $p/cwd)" = / && ! readlink $p/fd/* | grep held &&
	read -r _ _ _ _ _ sid _ <$p/stat && test "$sid" = "$HANDSEAL_PID" &&
	kill $HANDSEAL_PID && gone $HANDSEAL_PID && unset HANDSEAL_SOCK HANDSEAL_PID
'
test_expect_success '-D stays, prints settings without a pid to kill, and tells events' '
	fg && grep "^HANDSEAL_SOCK=$sock; export HANDSEAL_SOCK;" "$HS_TMP/handseald.log" &&
	grep "^echo Agent pid $(hs_pid handseald);" "$HS_TMP/handseald.log" &&
	! grep HANDSEAL_PID "$HS_TMP/handseald.log" && hs_stop handseald INT &&
	test "$HS_STATUS" = 0 && test ! -e "$sock"
'
test_expect_success '-t: no longer session can be asked for' '
	printf "max-ttl 60\nmax-uses *\n\nns git\n" >scope && fg -t 90m &&
	test_expect_code 3 env HANDSEAL_SOCK=$sock agentctl open scope 5401 >out && grep "^refused usage" out &&
	grep "1 to 5400 seconds, not 5401" out &&
	test_expect_code 3 env HANDSEAL_SOCK=$sock agentctl open scope 5400 >out && grep "^refused no-roots" out &&
	hs_stop handseald
'
test_expect_success 'COMMAND: has the settings, its own options and exit code; then the daemon ends' '
	test_expect_code 7 handseald sh -c "agentctl status >st; echo \$HANDSEAL_PID >pid; exit 7" -D &&
	grep "^socket $sock" st && gone "$(cat pid)" && test ! -e "$sock" &&
	test_expect_code 1 handseald ./no-such-command 2>err && grep "no-such-command" err &&
	hs_wait_for "test ! -e $sock" 10
'
test_expect_success 'COMMAND is not hardened: it may gain privileges and dump core' '
	ulimit -c >want && handseald sh -c "ulimit -c >got; grep NoNewPrivs /proc/self/status >nnp" &&
	test_cmp want got && grep "0$" nnp && hs_wait_for "test ! -e $sock" 10
'
test_expect_success 'COMMAND killed: the daemon ends too' '
	hs_spawn cmd handseald sh -c "echo \$HANDSEAL_PID; exec sleep 1000" &&
	hs_wait_for "test -s $HS_TMP/cmd.log" 10 && pid=$(cat "$HS_TMP/cmd.log") && hs_stop cmd KILL &&
	gone $pid && test ! -e "$sock"
'

# ---- the socket

test_expect_success 'without XDG_RUNTIME_DIR: a fresh folder of its own, removed at the end' '
	(unset XDG_RUNTIME_DIR && handseald -s >env) && . ./env &&
	case $HANDSEAL_SOCK in /tmp/handseal-??????????/agent.[0-9]*) ;; *) false ;; esac &&
	d=$(dirname "$HANDSEAL_SOCK") && test "$(stat -c %a "$d")" = 700 && agentctl status >st &&
	kill $HANDSEAL_PID && gone $HANDSEAL_PID && test ! -e "$d" && unset HANDSEAL_SOCK HANDSEAL_PID
'
test_expect_success 'a path over 107 bytes is refused, 107 is not' '
	d=$PWD && n=$((106 - ${#d})) && name=$(printf "%${n}s" | tr " " x) &&
	fails "may have 107" handseald -a "$d/x$name" && fails "may have 107" handseald -a "x$name" &&
	fg -a "$name" && HANDSEAL_SOCK=$d/$name agentctl status >st && hs_stop handseald
'
test_expect_success 'a folder that others can write, or own, is refused' '
	mkdir -p open && chmod 777 open && fails "written by others" handseald -a open/s &&
	chmod 1777 open && fails "written by others" handseald -a open/s &&
	chmod 720 open && fails "written by others" handseald -a open/s &&
	fails "written by others" handseald -a /tmp/s.$$ && test ! -e /tmp/s.$$ &&
	chmod 700 open && chown other open && fails "belongs to uid 4002" handseald -a open/s &&
	fails "No such file" handseald -a nowhere/s && fails "needs the path" handseald -a "" &&
	test -z "$(ls open)"
'
test_expect_success 'what is there and is no socket is left alone' '
	echo mine >file && fails "left alone" handseald -a file && grep mine file &&
	ln -s file link && fails "left alone" handseald -a link && test -L link &&
	mkfifo pipe && fails "left alone" handseald -a pipe && test -p pipe &&
	: >t && ln -sf t l.lock && fails "l.lock" handseald -a l && test -L l.lock
'
test_expect_success 'a socket that was left behind is replaced' '
	fg && hs_stop handseald KILL && test -S "$sock" && test -e "$sock.lock" && fg &&
	HANDSEAL_SOCK=$sock agentctl status >st
'
test_expect_success 'a second daemon says so, exits 1 and disturbs nothing' '
	test_expect_code 1 timeout 20 handseald -s >out 2>err && test ! -s out &&
	grep "another handseald is running on" err &&
	fails "another handseald is running on" handseald -D &&
	HANDSEAL_SOCK=$sock agentctl status >st &&
	fails "another handseald writes this audit log" handseald -a ./other &&
	test ! -e other && test ! -e other.lock && hs_stop handseald
'
test_expect_success 'a socket on which another program listens is left to it' '
	hs_spawn listener perl -MIO::Socket::UNIX -e "my \$s = IO::Socket::UNIX->new(
		Type => SOCK_STREAM, Local => \$ARGV[0], Listen => 1) or die; sleep 1000" "$PWD/taken" &&
	hs_wait_for "test -S taken" 10 && fails "another program listens" handseald -a taken &&
	test -S taken && hs_stop listener
'

# adopt N TYPE CMD...: CMD with N sockets from 3 on, LISTEN_FDS and LISTEN_PID set
cat >adopt.pl <<'EOF'
use Socket;
$^F = 100;
my ($n, $how, @cmd) = @ARGV;
for (1..$n) {
	my $t = $how eq "dgram" ? SOCK_DGRAM : SOCK_STREAM;
	socket(my $s, AF_UNIX, $t, 0) or die;
	die fileno($s) unless fileno($s) == 2 + $_;
	bind($s, sockaddr_un("adopted$_")) or die unless $how eq "unbound";
	listen($s, 5) or die if $how eq "listen";
	chmod 0666, "adopted$_";
	push @keep, $s;
}
$ENV{LISTEN_PID} = $how eq "other" ? 1 : $$;
$ENV{LISTEN_FDS} = $n;
exec @cmd;
EOF
adopt() {
	rm -f adopted1 adopted2
	timeout -s KILL 60 perl "$adoptpl" "$@" 3>&- 4>&- 5>&- 6>&-
}
adoptpl=$PWD/adopt.pl

test_expect_success 'LISTEN_FDS: one listening stream socket is adopted and not removed' '
	p=$PWD && sed -i "s,\"adopted,\"$p/adopted," adopt.pl &&
	serve handseald perl adopt.pl 1 listen handseald -D &&
	HANDSEAL_SOCK=$p/adopted1 agentctl status >st && grep "^socket $p/adopted1" st &&
	hs_stop handseald && test -S adopted1
'
test_expect_success 'LISTEN_FDS: anything else is refused' '
	test_expect_code 1 adopt 2 listen handseald -s 2>err && grep "LISTEN_FDS must be 1" err &&
	test_expect_code 1 adopt 1 dgram handseald -s 2>err && grep "not a listening" err &&
	test_expect_code 1 adopt 1 stream handseald -s 2>err && grep "not a listening" err &&
	test_expect_code 1 adopt 1 listen handseald -s -a x 2>err && grep "exclude each other" err &&
	test -S adopted1
'
test_expect_success 'LISTEN_FDS for another process is not for us' '
	adopt 1 other env -u LISTEN_X handseald -s >env && . ./env && test "$HANDSEAL_SOCK" = "$sock" &&
	kill $HANDSEAL_PID && gone $HANDSEAL_PID && unset HANDSEAL_SOCK HANDSEAL_PID
'
test_expect_success 'another uid is closed at once and recorded, root and nobody alike' '
	chmod 755 "$HS_TMP" . && rm -f adopted1 && serve handseald perl adopt.pl 1 listen handseald -D &&
	HANDSEAL_SOCK=$PWD/adopted1 && export HANDSEAL_SOCK && agentctl raw 1 000000010b >own &&
	grep "^0c00000000" own && hs_as nobody agentctl raw 1 000000010b >theirs &&
	grep "^ended" theirs && hs_wait_for "grep \"uid.:65534.*peer-refused\" \"$log\"" 10 && hs_stop handseald &&
	chown nobody "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" && mv "$XDG_STATE_HOME/handseal" kept &&
	rm -f adopted1 && serve handseald perl adopt.pl 1 listen setpriv --reuid=nobody handseald -D &&
	agentctl raw 1 000000010b >root && grep "^ended" root && hs_stop handseald &&
	grep "\"uid\":0.*\"peer-refused\"" "$log" && rm -r "$XDG_STATE_HOME/handseal" &&
	mv kept "$XDG_STATE_HOME/handseal" && chown root "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" && unset HANDSEAL_SOCK
'

# ---- frames

query=0000000a1b000000057175657279
ext() { # ext NAME BODYHEX: the frame in hex
	n=$(printf "%s" "$1" | od -An -tx1 | tr -d " \n")
	printf "%08x1b%08x%s%s" $((5 + ${#1} + ${#2} / 2)) ${#1} "$n" "$2"
}

test_expect_success 'a daemon for frames' 'hs_handseald_start'
test_expect_success 'ssh-add sees an agent without keys' '
	test_expect_code 1 env SSH_AUTH_SOCK=$HANDSEAL_SOCK ssh-add -l >out && grep "no identities" out &&
	SSH_AUTH_SOCK=$HANDSEAL_SOCK ssh-add -D && ssh-keygen -q -t ed25519 -N "" -f k &&
	test_expect_code 1 env SSH_AUTH_SOCK=$HANDSEAL_SOCK ssh-add k
'
test_expect_success 'requests of the RFC' '
	agentctl raw 8 000000010b 0000000113 000000020b00 000000021300 000000010d 0000000101 \
		00000001ff 000000011b >out &&
	printf "%s\n" 0c00000000 06 05 05 05 05 05 05 >want && test_cmp want out
'
test_expect_success 'query names every extension' '
	agentctl raw 1 $query >out && for e in open pending request list status close; do
		grep "$(printf "%s@handseal.alt" $e | od -An -tx1 | tr -d " \n")" out || return 1
	done && grep "^1d000000057175657279" out
'
test_expect_success 'unknown extensions: 5; known ones that cannot be decoded: 28, and a record' '
	agentctl raw 2 "$(ext open@example.org "")" "$(ext open "")" >out &&
	printf "05\n05\n" >want && test_cmp want out &&
	: >want && set -- && for e in query status close open list pending request; do
		set -- "$@" "$(ext $e$(test $e = query || echo @handseal.alt) ff)" && echo 1c >>want
	done && agentctl raw 7 "$@" >out && test_cmp want out &&
	test "$(grep -c "\"code\":\"\(truncated\|trailing-bytes\)\"" "$log")" -ge 7
'
test_expect_success 'frames of length 0 or over the limit end the connection; the limit itself does not' '
	agentctl raw -1 00000000 >out && grep "^ended" out &&
	agentctl raw -1 00040001 >out && grep "^ended" out &&
	agentctl raw -1 ffffffff >out && grep "^ended" out &&
	agentctl raw 2 00040000 zeros:262144 000000010b >out &&
	printf "05\n0c00000000\n" >want && test_cmp want out
'
test_expect_success 'a frame that is never finished is forgotten with its connection' '
	agentctl raw 0 000000 >out && grep "^ended" out && agentctl raw 0 0000000a1b00 >out &&
	grep "^ended" out && agentctl status >st
'
test_expect_success 'replies come in order, and what was asked before the end is answered' '
	agentctl raw 0 000000010b "$(ext close@handseal.alt "")" 0000000113 $query 00000001ff >out &&
	cut -c1-2 out >kinds && printf "0c\n1d\n06\n1d\n05\nen\n" >want && test_cmp want kinds
'
test_expect_success '1024 connections are served, and no more' '
	(ulimit -n 2000 && agentctl crowd 1100) >out && grep "^served 1024$" out &&
	hs_wait_for "agentctl status >st" 10
'

test_expect_success 'SIGHUP reads the policy again, and a bad one leaves the old in force' '
	c=$XDG_CONFIG_HOME/handseal && mkdir -p $c && echo "Deny user root" >$c/policy && kill -HUP $(hs_pid handseald) &&
	hs_wait_for "grep \"\\\"event\\\":\\\"policy\\\".*\\\"code\\\":\\\"ok\\\"\" \"$log\"" 10 && echo "Denny" >$c/policy &&
	kill -HUP $(hs_pid handseald) && hs_wait_for "grep \"\\\"code\\\":\\\"config-invalid\\\"\" \"$log\"" 10 &&
	hs_alive handseald && agentctl status >st && rm $c/policy
'

# ---- what it gives up

test_expect_success 'rule8: undumpable, no core, no new privileges' '
	p=/proc/$(hs_pid handseald) && grep "^NoNewPrivs:.1" $p/status &&
	grep "^Max core file size *0 *0 " $p/limits && ls -ld $p/mem | grep root &&
	hs_stop handseald &&
	chown -R nobody "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR" &&
	serve theirs setpriv --reuid=nobody handseald -D &&
	! hs_as nobody cat /proc/$(hs_pid theirs)/environ &&
	! hs_as nobody dd if=/proc/$(hs_pid theirs)/mem of=/dev/null count=1 && hs_stop theirs &&
	chown -R root "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR"
'

# ---- the log

test_expect_success 'the log is one chain over every start' '
	perl -MDigest::SHA=sha256_hex -ne "
		/^\{\"seq\":(\d+),\"prev\":\"([0-9a-f]{64})\",/ or die \"line \$.\";
		\$1 == \$. && \$2 eq (\$head // \"0\" x 64) or die \"chain \$.\";
		\$head = sha256_hex(\$_);" "$log" && test "$(stat -c %a "$log")" = 600 &&
	test "$(stat -c %a "$(dirname "$log")")" = 700 && grep "\"event\":\"start\"" "$log" &&
	grep "\"event\":\"stop\"" "$log"
'
test_expect_success 'a torn last line is cut off, and that is recorded' '
	printf "{\"seq\":9" >>"$log" && hs_handseald_start &&
	hs_wait_for "grep \"\\\"torn\\\".*\\\"count\\\":8\" \"$log\"" 10 && hs_stop handseald
'
test_expect_success 'what is no log is not written to' '
	mv "$log" kept && echo diary >"$log" && fails "does not end with a record" handseald -s &&
	grep diary "$log" && mv kept "$log" && test ! -e "$sock"
'
hs_done
