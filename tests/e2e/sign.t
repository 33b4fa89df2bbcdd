#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: files are signed by a delegation, on the main socket and on a seat, so that stock ssh-keygen verifies
# them under the session's key; what no touch allowed is asked for or refused, and nothing is left but the signature.
test_description='handseal sign'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"
. "$HS_SRC/tests/lib/seats.sh"

# verified NS FILE: as stock ssh-keygen verifies it, under the session's key
verified() {
	"$HS_SRC/tests/lib/signed-by" "$2.sig" >by && echo ":handseal cert-authority $(tail -n 1 by)" >signers && ssh-keygen -Y verify -f signers -I :handseal -n "$1" -s "$2.sig" <"$2"
}
seats_begin
test_expect_success 'bad options and files: 2 and 1, and nobody is asked' '
	usage sign m && usage sign -n "" m && usage sign -n file --ttl x m && usage sign -n file --agent A m && echo text >m && does 1 "(not-found)" handseal sign -n file none &&
	echo old >m.sig && does 1 "m.sig is there already" handseal sign -n file m && grep old m.sig && rm m.sig && does 0 "^usage: handseal sign" handseal sign --help &&
	HANDSEAL_SOCK=$HS_TMP/none does 6 "(no-daemon)" handseal sign -n file m
'
test_expect_success 'on the main socket, under an open session: no touch; a key for this run alone' '
	opened && mkdir one && cp m one/m && (cd one && does 0 "m signed: m.sig" handseal sign -n git --agent claude m && test "$(ls -A | tr "\n" " ")" = "err m m.sig out ") &&
	test "$(stat -c %a one/m.sig)" = 644 && verified git one/m && ! verified file one/m && echo more >>one/m && ! verified git one/m && grep "\"event\":\"issue\".*ns git" "$log"
'
test_expect_success 'several files, stdin, a large one, JSON' '
	echo a >a && head -c 3000000 /dev/urandom >b && does 0 . handseal sign -n git --agent claude a b --json && is out "\$j->{signed}[1]{signature} eq q(b.sig)" && verified git a && verified git b &&
	handseal sign -n git --agent claude <a >s.sig && cp a s && verified git s && : >empty && does 0 . handseal sign -n git --agent claude empty && verified git empty
'
test_expect_success 'another namespace costs a touch, whose prompt says it; a no is 4' '
	rm -f s.sig && hs_spawn sign handseal sign -n release --agent claude --reason "to ship" s && hs_softkey blue wait 10 && grep -q "release" $HS_TMP/watcher.log && hs_softkey blue touch &&
	hs_wait sign 20 && test $HS_STATUS = 0 && verified release s &&
	rm -f s.sig && hs_spawn sign handseal sign -n other --agent claude --reason "to ship" s && hs_wait_for "grep -q waits $HS_TMP/sign.log" 10 &&
	handseal decline $(sed -n "s/^handseal: \([2-9A-Z]*\) waits.*/\1/p" $HS_TMP/sign.log | head -n 1) && hs_wait sign 20 && test $HS_STATUS = 4 && test ! -e s.sig
'
test_expect_success 'not answered: 7, called off, nothing written' '
	does 7 "is called off" handseal sign -n third --agent claude --reason "to ship" --wait 0 s && test ! -e s.sig
'
test_expect_success 'on a seat its own key signs, in its namespaces alone' '
	scope sc "user deploy" "cmd uptime" "ns git" && seat a sc claude && seated a && rm -f m.sig && on does 0 "signed" handseal sign -n git m && verified git m && rm m.sig &&
	on does 3 "(outside-scope)" handseal sign -n file m && test ! -e m.sig && grep "\"event\":\"sign\".*\"ns\":\"git\"" "$log" &&
	handseal revoke $id && on does 3 "(revoked)" handseal sign -n git m && grep "start it anew" err && test ! -e m.sig && ended a
'
hs_done
