#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: handseal-sk-helper verifies a person by the security key's PIN where that is demanded,
# with both PIN protocols; a wrong PIN costs one try of one key and is told with what is left; what is no
# PIN costs none; and the PIN is found nowhere.
test_description='handseal-sk-helper and PINs'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/late.sh"
hs_ns "$0" "$@"
hs_init "$@"

H=$HANDSEAL_SK_HELPER
blue=softkey:$HS_TMP/blue.sock
spare=softkey:$HS_TMP/spare.sock
PIN=caffè-2468

# run: the helper in the background, request in req, descriptor 3 from the file pin, answer to ans
run() { rm -f ans && hs_spawn helper sh -c "exec '$H' <req >ans 3<pin"; }
# ended: it has ended by itself, with status 0, and ans can be read
ended() {
	hs_wait helper "${1:-10}" && test "$HS_STATUS" = 0 && helperctl read ans req >said &&
		test ! -s "$HS_TMP/helper.log"
}
# says CODE [TEXT]: what ans says
says() {
	if grep -q -x "code $1" said && { [ $# = 1 ] || grep -q "^sentence .*$2" said; }; then
		return 0
	fi
	cat said && false
}
touched() { hs_softkey "$1" wait 10 && hs_softkey "$1" touch; }
at_once() { run && ended 8; }
idle() {
	for k; do hs_wait_for "hs_softkey $k state | grep -q '^waiting no'" 5 || return 1; done
}
# tries NAME N: that key has so many left
tries() { hs_softkey "$1" state >state && grep -q -x "retries $2" state || { cat state && false; }; }
# give BYTES: what comes on descriptor 3
give() { rm -f pin && printf '%s' "$1" >pin; }
# sign_blue, sign_both: requests for a verified signature with a PIN
sign_blue() { helperctl sign verify=1 pin=1 device=$blue key=blue.k "$@" >req; }
sign_both() { helperctl sign verify=1 pin=1 device=$blue key=blue.k device=$spare key=spare.k "$@" >req; }
# good INDEX DEVICE: a verified signature, by that key
good() {
	says ok && grep "^verifies ok$" said && grep "^flags 0x05$" said && grep "^index $1$" said &&
		grep "^device $2$" said
}

test_expect_success 'two keys, each with a PIN of its own' '
	late_start && hs_softkey_start blue && hs_softkey_start spare && hs_softkey blue pin "$PIN" &&
	hs_softkey spare pin 13579
'

# ---- enrolment

test_expect_success 'enrol with a PIN: one touch, flags 0x45' '
	give "$PIN" && helperctl enroll verify=1 pin=1 device=$blue >req && run && touched blue && ended &&
	says ok && grep "^flags 0x45$" said && cp ans blue.k && tries blue 8
'
test_expect_success 'enrol without: 0x41 though a PIN is set and offered; it is not even read' '
	mkfifo never && rm -f pin && ln never pin && exec 8<>never &&
	helperctl enroll pin=1 device=$spare >req && run && touched spare && ended &&
	says ok && grep "^flags 0x41$" said && cp ans spare.k && exec 8>&-
'
test_expect_success 'enrol: verification demanded, no PIN offered' '
	give "$PIN" && helperctl enroll verify=1 device=$blue >req && at_once &&
	says pin-required "wants its PIN, and none was given" && grep "^retries 8$" said && idle blue
'
test_expect_success 'enrol: verification demanded of a key without a PIN: told at once, the PIN is not read' '
	hs_softkey_start bare && rm -f pin && ln never pin && exec 8<>never &&
	helperctl enroll verify=1 pin=1 device=softkey:$HS_TMP/bare.sock >req && at_once &&
	says pin-not-set "set one first" && exec 8>&-
'
test_expect_success 'enrol: a wrong PIN makes nothing, and is counted' '
	give 99999 && helperctl enroll verify=1 pin=1 device=$blue >req && at_once &&
	says pin-invalid "the PIN is wrong: 7 tries are left" && grep "^retries 7$" said && tries blue 7
'
# ---- signing

test_expect_success 'sign: right PIN, one touch, flags 0x05, and the tries are whole again' '
	give "$PIN" && sign_blue && run && touched blue && ended && good 0 "$blue" && tries blue 8
'
test_expect_success 'sign: an LF behind the PIN is cut' '
	printf "%s\n" "$PIN" >pin && run && touched blue && ended && good 0 "$blue"
'
test_expect_success 'the same with PIN protocol 1, enrol and sign' '
	hs_softkey spare old on && give 13579 && helperctl enroll verify=1 pin=1 device=$spare >req && run &&
	touched spare && ended && says ok && grep "^flags 0x45$" said && cp ans old.k &&
	helperctl sign verify=1 pin=1 device=$spare key=old.k >req && run && touched spare && ended &&
	good 0 "$spare" && give 2222 && at_once && says pin-invalid "7 tries are left" && tries spare 7
'
test_expect_success 'a key of CTAP 2.0 wants its PIN for each new credential: it gets it, or that is told' '
	give 13579 && helperctl enroll pin=1 device=$spare >req && run && touched spare && ended && says ok &&
	grep "^flags 0x45$" said && helperctl enroll device=$spare >req && at_once &&
	says pin-required && hs_softkey spare old off
'
test_expect_success 'a PIN that is offered is not used where a touch is enough' '
	rm -f pin && ln never pin && exec 8<>never && helperctl sign pin=1 device=$blue key=blue.k >req &&
	run && touched blue && ended && says ok && grep "^flags 0x01$" said && exec 8>&-
'
test_expect_success 'a key that always wants its PIN gets it, asked or not' '
	hs_softkey blue always-uv on && give "$PIN" && helperctl sign pin=1 device=$blue key=blue.k >req &&
	run && touched blue && ended && good 0 "$blue" &&
	helperctl sign device=$blue key=blue.k >req && at_once && says pin-required "none was given" &&
	grep "^retries 8$" said && helperctl enroll pin=1 device=$blue >req && run && touched blue && ended &&
	says ok && grep "^flags 0x45$" said && hs_softkey blue always-uv off
'

# ---- wrong PINs

test_expect_success 'wrong: no touch, one try; three in a row: it wants to be pulled out; then a right one does' '
	give 99999 && sign_blue && at_once && says pin-invalid "the PIN is wrong: 7 tries are left" &&
	grep "^retries 7$" said && idle blue && at_once && says pin-invalid "6 tries are left" && at_once &&
	says pin-auth-blocked "pull the security key out" && grep "^retries 5$" said &&
	give "$PIN" && at_once && says pin-auth-blocked && tries blue 5 && hs_softkey blue replug &&
	run && touched blue && ended && good 0 "$blue" && tries blue 8
'
test_expect_success 'until one try is left, then none: blocked, for the right PIN too' '
	hs_softkey_start doomed && d=softkey:$HS_TMP/doomed.sock && hs_softkey doomed pin 2468 && give 2468 &&
	helperctl enroll verify=1 pin=1 device=$d >req && run && touched doomed && ended && says ok &&
	cp ans doomed.k && helperctl sign verify=1 pin=1 device=$d key=doomed.k >req && give 1111 &&
	for n in 7 6 5 4 3 2; do
		at_once && grep "^retries $n$" said && hs_softkey doomed replug || return 1
	done &&
	at_once && says pin-invalid "the PIN is wrong: 1 try is left" && grep "^retries 1$" said &&
	at_once && says pin-blocked "only a reset" && grep "^retries 0$" said &&
	give 2468 && at_once && says pin-blocked && grep "^retries 0$" said && hs_stop doomed
'
test_expect_success 'what is no PIN costs no try' '
	sign_blue && for p in 123 "a" "  " "äöü" "$(printf "\n")" \
		"$(printf "%064d" 0)" "$(printf "1234\377")" "$(printf "12345\300\200")" \
		"$(printf "1234\355\240\200")" "$(printf "1234\303")" "$(printf "%01000d" 0)"; do
		give "$p" && at_once && grep -E "^code pin-(invalid|required)$" said || { cat said && return 1; }
	done &&
	give "$(printf "%064d" 0)" && at_once && says pin-invalid "more than 63 bytes" &&
	give 123 && at_once && says pin-invalid "fewer than 4 characters" &&
	give "$(printf "1234\377")" && at_once && says pin-invalid "not UTF-8" &&
	printf "12\00034" >pin && at_once && says pin-invalid "a NUL" &&
	printf "\n" >pin && at_once && says pin-invalid "fewer than 4" &&
	head -c 1000000 /dev/zero | tr "\0" 1 >pin && at_once && says pin-invalid "more than 63" &&
	grep "^retries 255$" said && tries blue 8
'
test_expect_success 'a PIN of 63 bytes, and one of 4 characters' '
	long=$(printf "%063d" 7) && hs_softkey blue pin "$long" && give "$long" && sign_blue && run &&
	touched blue && ended && good 0 "$blue" && printf "%s\n" "$long" >pin && run && touched blue && ended &&
	good 0 "$blue" && hs_softkey blue pin äöüß && give äöüß && run && touched blue && ended &&
	good 0 "$blue" && hs_softkey blue pin "$PIN"
'
test_expect_success 'nothing comes: none was given' '
	: >pin && sign_blue && at_once && says pin-required "none was given" && tries blue 8 && idle blue
'
test_expect_success 'descriptor 3 is closed, or cannot be read' '
	rm -f ans && hs_spawn helper sh -c "exec \"$H\" <req >ans 3<&-" && ended && says usage "descriptor 3" &&
	mkdir dir && hs_spawn helper sh -c "exec \"$H\" <req >ans 3<dir" && ended && says io-failed "reading the PIN"
'
test_expect_success 'never written: told in time, as a touch that does not come, and no key blinks' '
	rm -f pin && ln never pin && exec 8<>never && sign_blue timeout=1 && at_once &&
	says touch-timeout "the PIN was not given within 1 seconds" && tries blue 8 && idle blue
'
test_expect_success 'typed slowly, and then there is the whole time for the touch' '
	sign_blue timeout=6 && run && sleep 4 && printf "%s" "$PIN" >&8 && exec 8>&- && sleep 4 &&
	touched blue && ended && good 0 "$blue"
'
test_expect_success 'called off while it waits for the PIN' '
	exec 8<>never && sign_blue && for s in TERM INT HUP; do
		run && hs_wait_for "test \"\$(ls /proc/$(hs_pid helper)/task | wc -l)\" -ge 2" 5 &&
			t=$(now) && kill -$s $(hs_pid helper) && ended && took 2000 $t && says touch-cancelled && tries blue 8 || return 1
	done && exec 8>&-
'
exec 8>&-

# ---- several keys: the PIN is for one of them

test_expect_success 'only one of two holds a credential: its PIN is used, without a touch to choose' '
	give "$PIN" && helperctl sign verify=1 pin=1 device=$spare key=blue.k device=$blue key=blue.k >req &&
	tries spare 8 && run && touched blue && ended && good 1 "$blue" && tries spare 8
'
test_expect_success 'both hold one: a touch chooses, then the PIN is for that one alone' '
	hs_softkey spare pin 13579 && give 13579 && sign_both && run && hs_softkey blue wait 10 && touched spare &&
	hs_wait_for "hs_softkey spare state | grep -q \"^waiting yes\"" 10 && idle blue && touched spare &&
	ended && good 1 "$spare" && idle blue spare && tries blue 8 && tries spare 8
'
test_expect_success 'and where it is wrong, only the chosen one loses a try' '
	give "$PIN" && run && touched spare && ended && says pin-invalid "7 tries are left" && tries spare 7 &&
	tries blue 8 && idle blue spare
'
test_expect_success 'nobody chooses: told in time, no PIN is used' '
	sign_both timeout=1 && at_once && says touch-timeout "not touched within 1 seconds" && tries blue 8 &&
	tries spare 7 && idle blue spare
'
test_expect_success 'pulled out while it waits to be chosen: the other is left' '
	sign_both && run && hs_softkey blue wait 10 && hs_softkey spare wait 10 && hs_softkey spare unplug &&
	touched blue && touched blue && ended && good 0 "$blue" && hs_softkey spare plug
'
test_expect_success 'pulled out after it was chosen: that is the end' '
	sign_both && run && touched blue && hs_softkey blue wait 10 && hs_softkey blue unplug && ended &&
	says no-device "pulled out" && hs_softkey blue plug && idle spare
'
test_expect_success 'one wants its PIN and one only a touch: whichever is touched' '
	give "$PIN" && hs_softkey blue always-uv on &&
	helperctl sign pin=1 device=$blue key=blue.k device=$spare key=spare.k >req && run &&
	hs_softkey blue wait 10 && touched spare && ended && says ok && grep "^index 1$" said &&
	grep "^flags 0x01$" said && idle blue && run && hs_softkey spare wait 10 && touched blue && touched blue &&
	ended && good 0 "$blue" && idle spare && tries blue 8 && hs_softkey blue always-uv off
'
test_expect_success 'verification demanded of one key only: the other does with a touch' '
	helperctl sign pin=1 root-verify=1 device=$blue key=blue.k root-verify=0 device=$spare key=spare.k >req &&
	run && hs_softkey blue wait 10 && touched spare && ended && says ok && grep "^index 1$" said &&
	grep "^flags 0x01$" said && run && hs_softkey spare wait 10 && touched blue && touched blue && ended &&
	good 0 "$blue" && helperctl sign root-verify=1 device=$blue key=blue.k >req && at_once && says pin-required
'
test_expect_success 'a key that hangs does not get the PIN, nor keep the other from it' '
	hs_softkey spare fault stall all && sign_both && run && touched blue && touched blue && ended 15 &&
	good 0 "$blue" && hs_softkey spare fault none
'
test_expect_success 'two keys with the same credential, on two places' '
	cp "$HS_TMP/blue.state" "$HS_TMP/twin.state" && hs_softkey_start twin && t=softkey:$HS_TMP/twin.sock && hs_softkey twin pin 86420 && give 86420 &&
	helperctl sign verify=1 pin=1 device=$blue key=blue.k device=$t key=blue.k >req && run &&
	hs_softkey blue wait 10 && touched twin && touched twin && ended && good 1 "$t" && tries blue 8
'

# ---- rule 8

test_expect_success 'rule8: the PIN is in no argument, environment, log or answer' '
	secret=Zz9-unmistakable && hs_softkey blue pin $secret && give $secret && sign_blue && run &&
	hs_softkey blue wait 10 && p=/proc/$(hs_pid helper) && ! grep -a $secret $p/cmdline $p/environ &&
	! readlink $p/fd/3 && hs_softkey blue touch && ended && good 0 "$blue" &&
	! grep -a $secret req ans said "$HS_TMP"/*.log && give ${secret}x && at_once && says pin-invalid &&
	! grep -a $secret ans said "$HS_TMP"/*.log
'
test_expect_success 'rule8: descriptor 3 is closed unless a PIN is offered, and those above always' '
	helperctl sign device=$blue key=blue.k >req && rm -f ans &&
	hs_spawn helper sh -c "exec \"$H\" <req >ans 3</etc/passwd 4</etc/passwd 9</etc/passwd" &&
	hs_softkey blue wait 10 && ! readlink /proc/$(hs_pid helper)/fd/* | grep passwd && hs_softkey blue touch &&
	ended && says ok
'
test_expect_success 'rule10: flags that are none' '
	for f in verify pin; do
		helperctl sign $f=2 device=$blue key=blue.k >req && at_once && says malformed &&
		helperctl enroll $f=2 device=$blue >req && at_once && says malformed || return 1
	done
'
hs_done
