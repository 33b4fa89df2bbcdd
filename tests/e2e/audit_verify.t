#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: `handseal audit verify` says of a daemon's log and of a copy of it elsewhere what is
# proven, up to where, and what is not; and names the line of whatever was changed. What the checker finds
# record by record is tests/unit/test_auditcheck*.c's.
test_description='handseal audit verify'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_init "$@"

TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL
log=$XDG_STATE_HOME/handseal/audit.jsonl
verify() { handseal audit verify --roots made/roots "$@"; }

test_expect_success 'a log of a daemon, with a session, certificates, a refusal, more by another touch' '
	hs_softkey_start blue && hs_softkey blue touch-next && handseal enroll --device "softkey:$HS_TMP/blue.sock" --name blue >out &&
	rm -f "$XDG_CONFIG_HOME/handseal/policy" && hs_handseald_start && hs_softkey blue touch-next &&
	handseal open --user deploy --host web1.example.com --cmd uptime --cmd id >out &&
	handseal request --user deploy --host web1.example.com --cmd uptime --agent claude -o job >out &&
	handseal request --user deploy --host web1.example.com --cmd id --agent other --reason "why \"not\"" -o job2 >out &&
	does 3 outside-ceiling handseal request --user root --host web1.example.com --cmd id -o job3 &&
	handseal close >out && hs_stop handseald
'
test_expect_success 'it is proven up to what the last touch or checkpoint signed, SIMULATED said' '
	does 0 "^PROVEN: records 1 to [0-9]*," handseal audit verify && grep "^SIMULATED: 1 of 1 touches" out &&
	grep "^not shown .* were cut off: that shows against a copy elsewhere" out && grep "^file  *$log$" out &&
	grep "^holds .*1 touch, .*2 certificates.*1 refusal" out && grep "^root .*  blue  SIMULATED" out && test ! -s err &&
	does 0 . handseal audit verify --json && is out "\$j->{proven} && \$j->{proven_to} >= 2 && \$j->{first} == 1" &&
	is out "\$j->{counts}{touches} == 1 && \$j->{counts}{certificates} == 2 && !@{\$j->{faults}} && \$j->{begins} eq q(whole)"
'
test_expect_success 'so is a copy, where no daemon is and no key is enrolled, given the roots' '
	handseal roots --pub >roots && mkdir elsewhere && cp "$log" elsewhere/ &&
	does 0 "^PROVEN: records 1 to" env -u HANDSEAL_SOCK XDG_CONFIG_HOME=/nonexistent XDG_STATE_HOME=/nonexistent \
		handseal audit verify --roots roots elsewhere && grep "^file  *elsewhere/audit.jsonl" out &&
	does 0 "^PROVEN" env XDG_CONFIG_HOME=/nonexistent handseal audit verify --roots roots elsewhere/audit.jsonl &&
	does 1 "no root is enrolled here: give those whose touches count by --roots FILE" env XDG_CONFIG_HOME=/nonexistent handseal audit verify
'
test_expect_success 'no byte of it before that can be changed' '
	mkdir -p c && n=0 && ask=$(sed -n "/\"event\":\"touch\"/{=;q}" "$log") && size=$(head -n $((ask - 1)) "$log" | wc -c) &&
	for at in 3 60 200 $((size - 600)) $((size - 90)) $((size - 1)); do
		cp "$log" c/audit.jsonl && auditctl flip c/audit.jsonl $at && line=$(($(head -c $at "$log" | wc -l) + 1)) &&
			does 1 "^NOT PROVEN" handseal audit verify c && grep "^  c/audit.jsonl:$line: record" out || return 1
	done
'
test_expect_success 'checkpoints by the session key prove what came after the touch' '
	mkdir made && auditctl make made sessions=2 certificates=5 refusals=1 &&
	does 0 "^PROVEN: records 1 to 26, by .*record 27$" verify made && grep "^only linked  records 27 to 28: " out && ! grep SIMULATED out &&
	does 0 . verify made --json && is out "\$j->{signed_by} eq q(session) && \$j->{proven_to} == 26 && \$j->{signed_in} == 27 && \$j->{last} == 28"
'
test_expect_success 'changed, removed, repeated, moved, put in: found, with file, line and number' '
	mkdir t && try() { # try LINE WORD PERL-OVER-THE-LINES
		perl -e "@l = <STDIN>; $3; print @l" <made/audit.jsonl >t/audit.jsonl && does 1 "^NOT PROVEN" verify t &&
			grep "^  t/audit.jsonl:$1: record [0-9]*: .* ($2)$" out && does 1 . verify t --json && is out "!\$j->{proven} && @{\$j->{faults}}"
	} && try 5 changed "\$l[4] =~ s/claude/clauda/" && try 7 missing "splice @l, 6, 1" && try 8 order "splice @l, 7, 0, \$l[6]" &&
	try 7 missing "@l[6, 7] = @l[7, 6]" && try 9 malformed "splice @l, 8, 0, qq({\\n)" && try 3 changed "\$l[2] =~ s/\"grant\":\"AAAA.{200}\K./+/" &&
	try 6 changed "\$l[5] =~ s/\"signature\":\"....................\K./+/"
'
test_expect_success 'other roots than those given prove nothing' '
	does 1 "the key that was touched is none of the roots given (root-unknown)" handseal audit verify --roots roots made &&
	does 1 "nonesuch" handseal audit verify --roots nonesuch made && echo "# none" >none && does 1 "none names no root" handseal audit verify --roots none made
'
test_expect_success 'files that were rotated away, in any order; a missing one' '
	mkdir rot && auditctl make rot sessions=6 rotate=2 && does 0 "^PROVEN: records 1 to 60," verify rot && test "$(grep -c "^file" out)" = 3 &&
	set -- rot/audit.0*.jsonl && does 0 "^PROVEN: records 1 to 60," verify rot/audit.jsonl "$2" "$1" &&
	does 0 "^not shown    the file that follows the last one here" verify "$1" "$2" && mv "$2" gone && does 1 "records 22 to 42 are missing before it" verify rot &&
	does 1 "^NOT PROVEN: the log begins with record 22, and nothing in it says why" verify gone rot/audit.jsonl && mv gone "$2"
'
test_expect_success 'room that is kept behind the last record is none; a torn line is told' '
	cp made/audit.jsonl t/ && perl -e "print qq(\\0) x 5000000" >>t/audit.jsonl && does 0 "^PROVEN" verify t && ! grep "no whole line" out &&
	echo "{}" >>t/audit.jsonl && does 1 malformed verify t && cp made/audit.jsonl t/ && printf "{\"seq\":29,\"pr" >>t/audit.jsonl &&
	does 0 "^not shown    13 bytes behind the last record, which are no whole line" verify t
'
test_expect_success 'nothing signed, nothing there, nothing readable' '
	mkdir -p e && head -n 2 made/audit.jsonl >e/audit.jsonl && does 1 "^NOT PROVEN: no touch and no checkpoint has signed any of it" verify e &&
	: >e/audit.jsonl && does 1 "^NOT PROVEN: there is no record" verify e && rm e/audit.jsonl && does 1 "holds no audit log" verify e &&
	does 1 "cannot read nonesuch" verify nonesuch && mkfifo e/audit.jsonl && does 1 "is no regular file" timeout 30 handseal audit verify --roots made/roots e &&
	head -c 3000000 /dev/zero | tr "\\0" x >t/audit.jsonl && does 1 malformed verify t
'
test_expect_success 'hostile bytes in a log do not reach the terminal' '
	perl -e "@l = <STDIN>; \$l[3] = qq(\\e[2J\\x9b31m\\n); print @l" <made/audit.jsonl >t/audit.jsonl && does 1 malformed verify t
'
test_expect_success 'usage' '
	usage audit && usage audit nonesuch && usage audit verify --nonesuch && does 0 "^usage: handseal audit" handseal audit --help &&
	does 0 "^usage: handseal audit" handseal audit verify --help
'
hs_done
