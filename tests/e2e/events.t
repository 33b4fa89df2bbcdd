#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a program that follows hears of every change, in order and numbered without gaps, so that
# it can say what it waits for; and one that watches and dies is no place where a person looks.
test_description='events'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
what="--user deploy --host web1.example.com --cmd uptime --ttl 5m --reason see --agent claude"
rest='Agent claude
    Scope *
Agent unknown
    Scope *
Limits
    Prompts 100
    PromptsAll 100'
# follow: a program that does, and has heard all there was until now
follow() {
	rm -f $HS_TMP/follow.log && hs_spawn follow handseal watch --json && n=0 &&
		hs_wait_for 'n=$((n + 1)) && policy "$rest" "# $n" && grep -q policy $HS_TMP/follow.log' 10 && policy "$rest" &&
		last=$(eventctl events 2 0 0 | sed -n "s/^last \([0-9]*\).*/\1/p") && hs_wait_for 'heard_last=$(seqs | tail -n 1) && test "$heard_last" = "$last"' 10 &&
		from=$(($(wc -l <$HS_TMP/follow.log) + 1))
}
seqs() { perl -MJSON::PP -ne 'print decode_json($_)->{seq}, "\n"' $HS_TMP/follow.log; }
# heard WORD...: the events since the last call were these, in this order
heard() {
	heard_="$*"
	hs_wait_for "test \"\$(words)\" = \"$heard_\"" 15 || { echo "# heard: $(words)" && return 1; }
	from=$(($(wc -l <$HS_TMP/follow.log) + 1))
}
words() { tail -n +$from $HS_TMP/follow.log | perl -MJSON::PP -ne 'push @w, decode_json($_)->{event}; END { print "@w" }'; }
from=1
# reloads N: of a policy that is another each time
reloads() {
	perl -MIO::Socket::UNIX -e '
		my $reload = pack "N/a*", chr(27) . pack("N/a*", "policy\@handseal.alt") . chr(2) . "\0" x 17;
		my $s = IO::Socket::UNIX->new(Peer => $ENV{HANDSEAL_SOCK}) or die;
		for my $n (1 .. $ARGV[0]) {
			open my $f, ">", "$ENV{XDG_CONFIG_HOME}/handseal/policy" or die;
			print $f "Limits\n    Prompts ", 1 + $n % 9, "\n";
			close $f;
			syswrite($s, $reload);
			read($s, my $head, 4) == 4 or die;
			read($s, my $body, unpack "N", $head);
		}' "$1"
}

test_expect_success 'a key, a daemon, a program that follows' '
	policy "$rest" && hs_softkey_start blue && daemon HANDSEAL_TOUCH_SECONDS=5 && hs_softkey blue touch-next &&
	timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue && watched && follow
'
test_expect_success 'asked, armed, granted; a session, a certificate' '
	ask a $what -o a && heard asked armed && hs_softkey blue touch && ends a 0 . && heard opened issued granted &&
	handseal close && heard closed
'
test_expect_success 'open, and what is issued silently' '
	hs_softkey blue touch-next && timeout 30 handseal open --user deploy --host web1.example.com --cmd id --ttl 10s &&
	heard asked armed opened granted && handseal request --user deploy --host web1.example.com --cmd id --ttl 1s -o b &&
	heard issued && heard expired
'
test_expect_success 'parked and armed again; later; declined; refused; gone' '
	ask c $what -o c && heard asked armed parked && hs_softkey blue touch-next && timeout 20 handseal approve $code &&
	ends c 0 . && heard armed opened issued granted && ask d $what --cmd w -o d && heard asked armed &&
	{ agentctl answer $code later || true; } && heard parked && handseal decline $code && heard declined && ends d 4 . &&
	hs_softkey blue fault deny && ask e $what --cmd id -o e && ends e 4 . && heard asked armed refused &&
	hs_softkey blue fault none && ask f $what --cmd ls -o f && heard asked armed && hs_stop f && heard gone
'
test_expect_success 'a key that is pulled out and put back' '
	hs_softkey blue unplug && heard unplugged && hs_softkey blue plug && heard plugged
'
test_expect_success 'a policy that came into force, and one that did not; not one that is the same' '
	policy "$rest" "    Waiting 9" && heard policy && handseal policy reload >out && echo Denny >>"$XDG_CONFIG_HOME/handseal/policy" &&
	! handseal policy reload && heard policy && tail -n 1 $HS_TMP/follow.log | grep config-invalid && policy "$rest" && heard policy
'
test_expect_success 'numbers have no gap' '
	eventctl events 2 0 0 >out && grep "	" out | cut -f1 >seq && test "$(wc -l <seq)" -gt 20 &&
	perl -ne "die \"gap at \$_\" if defined \$last && \$_ != \$last + 1; \$last = \$_" seq
'
test_expect_success 'whoever lags too far is told so, and what waits' '
	kill -STOP $(hs_pid follow) && reloads 260 && policy "$rest" && ask i $what --cmd ps -o i && state $code parked &&
	kill -CONT $(hs_pid follow) && heard policy anew parked && eventctl events 2 0 0 >out && grep "	parked	$code	" out &&
	grep "^last [0-9]* anew$" out && handseal decline $code && heard declined && ends i 4 .
'
test_expect_success 'what waits is told to whoever comes later, with what its prompt shows' '
	ask g $what --cmd df -o g && state $code armed && eventctl events 0 0 0 | grep "NEW.*df" && hs_stop g
'
test_expect_success 'a watch that is killed is no channel any more, nor one that stopped asking' '
	unwatched && hs_stop follow && watched && ask h $what --cmd du -o h && hs_stop h && hs_stop watcher KILL &&
	refused no-channel $what --cmd du -o no
'
hs_done
