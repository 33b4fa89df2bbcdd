#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a client that asks, connects or stays silent without end keeps nobody waiting and
# makes the daemon no larger; a strange parent and a strange file beside the socket do no harm.
test_description='handseald: clients and surroundings that are hostile'
. "$(dirname "$0")/../lib/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

printf 'max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nuser deploy\n' >scope

serve() { # serve CMD...: a daemon started by CMD
	hs_stop handseald && rm -f "$HS_TMP/handseald.log" && hs_spawn handseald "$@" &&
		hs_wait_for "grep -qs \"serving on\" $HS_TMP/handseald.log || ! hs_alive handseald" 10 &&
		hs_alive handseald
}
# prompt: another client, who asks 200 times, is answered within half a second; on a machine that is busy otherwise not much
# slower than a process of our own that is asked beside it, and one answer in twenty may take up to ten seconds.
cat >prompt.pl <<'EOP'
use IO::Socket::UNIX;
use Time::HiRes 'time';
socketpair(my $ours, my $echo, AF_UNIX, SOCK_STREAM, 0) or die;
if (fork == 0) { close $ours; while (sysread($echo, my $asked, 100)) { syswrite($echo, $asked) } exit }
close $echo;
my ($other, $kept, @took) = (0);
sub took { # SOCKET FROM: until its answer is here
	my ($s, $from) = @_;
	syswrite($s, pack('N/a*', chr 11)) or die "write: $!";
	sysread($s, my $answer, 100) or die "closed: $!";
	return time - $from;
}
for my $i (1 .. 200) {
	my $from = time;
	$kept = IO::Socket::UNIX->new(Peer => $ENV{HANDSEAL_SOCK}) // die "connect: $!" if $i % 20 == 1;
	my $t = took($kept, $from);
	my $o = took($ours, time);
	push @took, $t;
	$other = $o if $o > $other;
	select undef, undef, undef, 0.005;
}
close $ours;
wait;
@took = sort { $a <=> $b } @took;
printf "# 190 of 200 answers took %.0f ms, the slowest %.0f ms, of a process that does nothing else %.0f ms\n",
	1000 * $took[189], 1000 * $took[199], 1000 * $other;
exit($took[189] < 0.5 + 10 * $other && $took[199] < 10 ? 0 : 1);
EOP
prompt() { timeout 120 perl prompt.pl; }
# how large it ever was, in kB; a sanitizer's own memory is not looked at
size() {
	p=/proc/$(hs_pid handseald)
	if grep -q libasan $p/maps; then echo 0; else sed -n "s/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p" $p/status; fi
}

# flood EXT BODYHEX [unread]: that request without end, its answers read or not
cat >flood.pl <<'EOP'
use IO::Socket::UNIX;
my ($ext, $body, $how) = @ARGV;
my $s = IO::Socket::UNIX->new(Peer => $ENV{HANDSEAL_SOCK}) or die;
my $f = pack('N/a*', chr(27) . pack('N/a*', $ext) . pack 'H*', $body) x 4000;
$SIG{PIPE} = 'IGNORE';
if ($how ne 'unread' && fork == 0) { while (sysread($s, my $answer, 1 << 20)) { } exit }
while (syswrite($s, $f)) { }
$s->shutdown(2);
wait;
EOP
flood() { hs_spawn flood perl flood.pl "$1" "$2" "${3:-}"; }
under_flood() { flood "$@" && sleep 0.3 && hs_alive flood && prompt && hs_stop flood; }

test_expect_success 'a key, a daemon, a session with certificates to list' '
	hs_softkey_start blue && hs_softkey blue auto on && HANDSEAL_SOCK=$HS_TMP/run/a.sock &&
	export HANDSEAL_SOCK && serve handseald -D -a "$HANDSEAL_SOCK" &&
	handseal enroll --device softkey:$HS_TMP/blue.sock --name blue && agentctl open scope 600 &&
	agentctl many scope 300
'
test_expect_success 'rule7: questions without end keep nobody else waiting' '
	under_flood query "" && under_flood status@handseal.alt "" &&
	under_flood close@handseal.alt ff && under_flood nothing@example.org ""
'
test_expect_success 'what was refused without end is a record a second, and none of it is missing' '
	handseal audit show --event refuse --json >out && grep -c "close@handseal.alt" out >lines && cat lines &&
	test $(cat lines) -gt 1 && test $(cat lines) -lt 200 && perl -ne "
		\$n += /\"count\":(\d+)/ ? \$1 : 1 if /close\@handseal.alt/;
		END { print \"# of \$n refusals\n\"; exit(\$n > 500 ? 0 : 1) }" out &&
	handseal audit show --event refuse | grep "trailing-bytes: .* (.* times)" && handseal audit verify >verified && grep "refusals" verified
'
test_expect_success 'rule7: answers that nobody reads are bounded' '
	flood list@handseal.alt 00000000000000000000000000 unread && hs_wait_for "! hs_alive flood" 10 &&
	flood query "" unread && sleep 0.3 && prompt && hs_stop flood && test $(size) -lt 40000
'
cat >connect.pl <<'EOP'
use Socket;
my $to = sockaddr_un($ENV{HANDSEAL_SOCK});
while (1) { socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect $s, $to; close $s }
EOP
test_expect_success 'rule7: connections without end keep nobody else waiting' '
	for i in 1 2 3; do hs_spawn connect$i perl connect.pl || return 1; done && sleep 0.3 && prompt &&
	for i in 1 2 3; do hs_stop connect$i || return 1; done && test $(size) -lt 40000 && agentctl status >st
'
test_expect_success 'signals that whoever started it had blocked: helpers end, and so does the daemon' '
	agentctl close && serve perl -MPOSIX -e "
		sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGCHLD, SIGTERM, SIGHUP)) or die;
		exec @ARGV" handseald -D -a "$HANDSEAL_SOCK" &&
	timeout 15 agentctl open scope 600 >out && grep "^opened" out && hs_stop handseald && test "$HS_STATUS" = 0 &&
	serve perl -e "\$SIG{CHLD} = \$SIG{TERM} = \"IGNORE\"; exec @ARGV" handseald -D -a "$HANDSEAL_SOCK" &&
	timeout 15 agentctl open scope 600 >out && grep "^opened" out && hs_stop handseald && test "$HS_STATUS" = 0
'
test_expect_success 'a COMMAND keeps the signals that were blocked' '
	perl -MPOSIX -e "sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR1)) or die; exec @ARGV" \
		handseald -a "$HS_TMP/run/b.sock" grep SigBlk /proc/self/status >out &&
	grep "0000000000000200$" out && hs_wait_for "test ! -e \"$HS_TMP/run/b.sock\"" 10
'
test_expect_success 'what is there instead of the lock and is none is left alone' '
	d=$HS_TMP/run && echo mine >$d/c.sock.lock && test_expect_code 1 timeout 30 handseald -D -a $d/c.sock 2>err &&
	grep "c.sock.lock is there and is not a lock of yours; it was left alone" err && grep mine $d/c.sock.lock &&
	test ! -e $d/c.sock && rm $d/c.sock.lock && mkfifo $d/c.sock.lock &&
	test_expect_code 1 timeout 30 handseald -D -a $d/c.sock 2>err && test -p $d/c.sock.lock &&
	rm $d/c.sock.lock && : >$d/c.sock.lock && chown other $d/c.sock.lock &&
	test_expect_code 1 timeout 30 handseald -D -a $d/c.sock 2>err && test -e $d/c.sock.lock && rm $d/c.sock.lock
'
hs_done
