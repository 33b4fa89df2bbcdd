#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: `handseal audit show` prints the records that are asked for, in words or as they stand,
# a certificate's whole life, and goes on as records come, across a rotation; nothing hostile in them
# reaches the terminal.
test_description='handseal audit show'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_init "$@"

TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL
show() { handseal audit show --log rot "$@"; }
count() { test "$(wc -l <out)" = "$1" || { cat out && false; }; }

test_expect_success 'all of it, over all files, in order' '
	mkdir rot && auditctl make rot sessions=4 certificates=3 every=2 rotate=2 refusals=1 revoke=1 reason="a \"reason\"" &&
	does 0 "^1  2026-11-24 02:00:00 UTC  start" show && cut -d" " -f1 out >seqs && seq "$(wc -l <out)" >want && test_cmp want seqs &&
	grep "^4 .* issue .* claude may deploy@web1.example.com: uptime, until 2026-11-24 02:15:03 UTC, because \"a \"reason\"\"$" out &&
	grep "^3 .* touch .* blue was touched, and PIN or finger verified, for 4F7, until" out && grep "outside-ceiling: user root is outside" out
'
test_expect_success 'by agent, event, scope, time' '
	does 0 issue show --event issue && count 12 && does 0 refuse show --event refuse && count 4 &&
	does 0 issue show --agent claude --event issue --since 2026-11-24T06:00:00Z && count 3 && does 0 issue show --event issue --until 2026-11-24T06:00:00Z && count 9 &&
	does 0 issue show --event issue --since 1795485600 --until 1795489200 && count 3 && does 0 ask show --scope "host *.example" && count 4 &&
	does 0 . show --scope "user deploy" --event issue && count 12 && show --agent other >out && count 0
'
test_expect_success 'as they stand' '
	does 0 . show --json --event touch && count 4 && grep "\"event\":\"touch\"" rot/*.jsonl -h >want && test_cmp want out &&
	show --json >out && cat rot/audit.0*.jsonl rot/audit.jsonl >want && test_cmp want out
'
test_expect_success 'the whole life of one certificate' '
	session=$(show --json --event issue | head -n 1 | sed "s/.*\"session\":\"\([0-9a-f]*\)\".*/\1/") && short=$(echo $session | cut -c1-4) &&
	does 0 . show $session.3 && sed "s/^\([0-9]*\) .*UTC  \([a-z]*\) .*/\1 \2/;/|/d" out >got && printf "%s\n" "2 ask" "3 touch" "7 issue" "9 revoke" "10 close" >want &&
	test_cmp want got && grep "^ *| a prompt$" out && does 0 . show $short.3 --json && count 5 && does 0 . show $short.2 --event issue && count 1 &&
	does 1 "1 is of several sessions" show 1 && does 1 "no record is of $short.9" show $short.9 && does 2 "an ID is SERIAL" show ab.1 && does 2 "an ID is" show 0 && does 2 "an ID is" show x
'
test_expect_success 'as they come, across a rotation' '
	mkdir live && head -n 3 rot/audit.0*1.jsonl >live/audit.jsonl && hs_spawn follow handseal audit show --log live --follow --json &&
	hs_wait_for "grep -q \"\\\"seq\\\":3,\" $HS_TMP/follow.log" 10 && perl -e "print qq(\\0) x 4096" >>live/audit.jsonl &&
	sed -n 4p rot/audit.0*1.jsonl | dd of=live/audit.jsonl conv=notrunc bs=1 seek=$(head -n 3 rot/audit.0*1.jsonl | wc -c) 2>/dev/null &&
	hs_wait_for "grep -q \"\\\"seq\\\":4,\" $HS_TMP/follow.log" 10 && head -n 5 rot/audit.0*1.jsonl >live/audit.jsonl &&
	mv live/audit.jsonl live/audit.00000000000000000001.jsonl && sed -n 6p rot/audit.0*1.jsonl >live/audit.jsonl &&
	hs_wait_for "grep -q \"\\\"seq\\\":6,\" $HS_TMP/follow.log" 10 && hs_stop follow; head -n 6 rot/audit.0*1.jsonl >want && test_cmp want "$HS_TMP/follow.log"
'
test_expect_success 'nothing hostile reaches the terminal' '
	mkdir bad && auditctl make bad reason="$(printf "\033[2J\nrecord\tx \302\233 \342\200\256")" shown="$(printf "a\033[31m\nb")" agent="$(printf "c\rd")" &&
	handseal audit show --log bad >out 2>err && clean && handseal audit show --log bad 1 >out 2>err && clean && grep "| a?.31m" out && grep "| b" out &&
	printf "rubbish\n" >>bad/audit.jsonl && does 0 "bad/audit.jsonl:11: not a record" handseal audit show --log bad
'
test_expect_success 'usage' '
	usage audit show 1 2 && usage audit show --since yesterday && usage audit show --until 0 && usage audit show --nonesuch && usage audit show --since 2026-13-01 &&
	does 1 "cannot read nonesuch" handseal audit show --log nonesuch && does 0 "^usage" handseal audit show --help
'
hs_done
