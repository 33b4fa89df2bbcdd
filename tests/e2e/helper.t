#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: handseal-sk-helper makes credentials and signs grants with one touch of whichever key
# is touched, signs nothing else, tells every failure in a code and a sentence, and always ends.
test_description='handseal-sk-helper with software keys'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/late.sh"
hs_ns "$0" "$@"
hs_init "$@"

H=$HANDSEAL_SK_HELPER
blue=softkey:$HS_TMP/blue.sock
spare=softkey:$HS_TMP/spare.sock

# run: the helper in the background, request in req, answer to ans
run() { rm -f ans && hs_spawn helper sh -c "exec '$H' <req >ans"; }
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
# touched NAME: waits until that key blinks, then touches it
touched() { hs_softkey "$1" wait 10 && hs_softkey "$1" touch; }
# at_once: runs the helper where nothing is to be waited for
at_once() { run && ended 5; }
# idle NAME...: these keys do not blink any more
idle() {
	for k; do hs_wait_for "hs_softkey $k state | grep -q '^waiting no'" 5 || return 1; done
}
# threads N: the helper has that many, so it has begun and takes signals its own way
threads() { test "$(ls /proc/$(hs_pid helper)/task 2>/dev/null | wc -l)" -ge "$1"; }

test_expect_success 'two keys' '
	late_start && hs_softkey_start blue && hs_softkey_start spare
'

# ---- enrolment

test_expect_success 'enrol ed25519: one touch, and all that is known of the key' '
	helperctl enroll type=ed25519 device=$blue user="Anna" >req && run && touched blue &&
	ended && says ok && grep "^type sk-ssh-ed25519@openssh.com$" said &&
	grep "^application ssh:handseal$" said && grep "^simulated 1$" said &&
	grep "^flags 0x41$" said && grep "^product SIMULATED software key$" said &&
	grep "^aaguid [0-9a-f]\{32\}$" said && ! grep "^aaguid 0*$" said &&
	! grep "^certificate 0 bytes" said && ! grep "^attestation 0 bytes" said &&
	cp ans blue.ed
'
test_expect_success 'enrol ecdsa' '
	helperctl enroll type=ecdsa device=$blue >req && run && touched blue && ended &&
	says ok && grep "^type sk-ecdsa-sha2-nistp256@openssh.com$" said && cp ans blue.ec &&
	for t in ed25519 ecdsa; do
		helperctl enroll type=$t device=$spare >req && run && touched spare && ended &&
			says ok && cp ans spare.$t || return 1
	done
'
test_expect_success 'enrol: never touched' '
	helperctl enroll device=$blue timeout=1 >req && at_once &&
	says touch-timeout "not touched within 1 seconds" && idle blue
'
test_expect_success 'enrol: the key has no room, refuses, cannot do it' '
	hs_softkey blue fault store-full && helperctl enroll device=$blue >req && at_once &&
	says key-store-full "no room" &&
	hs_softkey blue fault deny && at_once && says touch-denied declined &&
	hs_softkey blue fault error 26 && at_once && says algorithm "try the other" &&
	hs_softkey blue fault error 36 && at_once && says pin-not-set "set one first" &&
	hs_softkey blue fault none
'
test_expect_success 'enrol: a key that lies' '
	for f in flags-no-up flags-extra wrong-rp; do
		hs_softkey blue fault $f && run && touched blue && ended && says device-failed &&
			! grep "^type" said || return 1
	done &&
	hs_softkey blue fault bad-signature && run && touched blue && ended &&
	says device-failed "attestation does not verify" && hs_softkey blue fault none
'
test_expect_success 'enrol: a name that is no device' '
	for d in blue /dev/null /dev/hidraw99 softkey:blue.sock "softkey:$HS_TMP/none.sock" \
		"softkey:/$(printf "%0107d" 0)" "$HS_TMP"; do
		helperctl enroll device="$d" >req && at_once && ! says ok || return 1
	done &&
	helperctl enroll device=blue >req && at_once && says usage "give a path" &&
	helperctl enroll device=softkey:blue.sock >req && at_once && says usage "begin with /" &&
	helperctl enroll device=/dev/hidraw99 >req && at_once && says no-device &&
	helperctl enroll device=softkey:$HS_TMP/none.sock >req && at_once &&
	says no-device "no software key answers"
'
test_expect_success 'enrol: nothing is plugged in; a software key is never found by looking' '
	helperctl enroll >req && at_once && says no-device "may open"
'

# ---- signing

test_expect_success 'sign with ed25519 and ecdsa: verifies, touched, one touch each' '
	for k in blue.ed blue.ec; do
		helperctl sign device=$blue key=$k >req && run && touched blue && ended &&
			says ok && grep "^verifies ok$" said && grep "^flags 0x01$" said &&
			grep "^index 0$" said || return 1
	done && idle blue
'
test_expect_success 'the candidate that the key holds is taken' '
	helperctl sign device=$blue key=spare.ecdsa key=spare.ed25519 key=blue.ec key=blue.ed >req &&
	run && touched blue && ended && says ok && grep "^index 2$" said &&
	grep "^verifies ok$" said
'
test_expect_success 'two keys plugged in: both blink, the second is touched, the first is called off' '
	helperctl sign device=$blue key=blue.ed device=$spare key=spare.ecdsa >req && run &&
	hs_softkey blue wait 10 && touched spare && ended && says ok && grep "^index 1$" said &&
	grep "^verifies ok$" said && idle blue spare
'
test_expect_success 'and the other way round' '
	run && hs_softkey spare wait 10 && touched blue && ended && says ok &&
	grep "^index 0$" said && grep "^verifies ok$" said && idle blue spare
'
test_expect_success 'one of two is plugged in, one of two is broken: the other does' '
	hs_softkey blue unplug && run && touched spare && ended && says ok &&
	grep "^index 1$" said && hs_softkey blue plug &&
	hs_softkey blue fault garbage all && run && touched spare && ended && says ok &&
	grep "^index 1$" said && hs_softkey blue fault none
'
test_expect_success 'none plugged in' '
	hs_softkey blue unplug && hs_softkey spare unplug && at_once && says no-device &&
	hs_softkey blue plug && hs_softkey spare plug &&
	helperctl sign key=blue.ed >req && at_once && says no-device "may open"
'
test_expect_success 'the wrong key is plugged in: told without a touch' '
	helperctl sign device=$spare key=blue.ed key=blue.ec >req && at_once &&
	says no-credential "not an enrolled one"
'
test_expect_success 'a credential with a device is asked for there only' '
	helperctl sign device=$spare key=blue.ed device=$blue key=spare.ed25519 >req && at_once &&
	says no-credential
'
test_expect_success 'not touched in time: told then, and the key stops blinking' '
	helperctl sign timeout=1 device=$blue key=blue.ed device=$spare key=spare.ed25519 >req &&
	at_once && says touch-timeout "within 1 seconds" && idle blue spare
'
test_expect_success 'SIGTERM, SIGINT and SIGHUP call it off' '
	helperctl sign device=$blue key=blue.ed >req &&
	for s in TERM INT HUP; do
		run && hs_softkey blue wait 10 && kill -$s $(hs_pid helper) && ended 2 &&
			says touch-cancelled && idle blue || return 1
	done
'
test_expect_success 'its parent ends: the key stops blinking, nothing is left' '
	rm -f ans && hs_spawn parent sh -c "\"$H\" <req >ans; true" && hs_softkey blue wait 10 &&
	hs_stop parent KILL && idle blue && hs_wait_for "test -s ans" 5 &&
	helperctl read ans >said && says touch-cancelled
'
test_expect_success 'pulled out while it blinks' '
	run && hs_softkey blue wait 10 && hs_softkey blue unplug && ended &&
	says no-device "pulled out" && hs_softkey blue plug
'
test_expect_success 'pulled out while another blinks too: that one still does' '
	helperctl sign device=$blue key=blue.ed device=$spare key=spare.ed25519 >req && run &&
	hs_softkey blue wait 10 && hs_softkey spare wait 10 && hs_softkey blue unplug &&
	touched spare && ended && says ok && grep "^index 1$" said && hs_softkey blue plug
'
test_expect_success 'rule6: a key that lies is told, and nothing is signed' '
	helperctl sign device=$blue key=blue.ed >req &&
	for f in flags-no-up flags-extra bad-signature other-key wrong-rp; do
		hs_softkey blue fault $f && run && touched blue && ended && says device-failed &&
			! grep "^index" said || return 1
	done &&
	helperctl sign device=$blue key=blue.ec >req &&
	for f in flags-no-up bad-signature other-key; do
		hs_softkey blue fault $f && run && touched blue && ended && says device-failed ||
			return 1
	done && hs_softkey blue fault none
'
test_expect_success 'a key that answers nonsense, or half' '
	helperctl sign device=$blue key=blue.ed >req &&
	for f in garbage half; do
		hs_softkey blue fault $f && run && { touched blue || true; } && ended 15 &&
			says device-failed || return 1
	done && hs_softkey blue fault none
'
test_expect_success 'declined on the key: final, though another blinks' '
	hs_softkey blue fault deny &&
	helperctl sign device=$blue key=blue.ed device=$spare key=spare.ed25519 >req && run &&
	ended && says touch-denied && idle spare && hs_softkey blue fault none
'
test_expect_success 'stalled: answers when the time is over, not later' '
	hs_softkey blue fault stall && helperctl sign timeout=1 device=$blue key=blue.ed >req &&
	t=$(now) && run && ended 6 && took 4000 $t &&
	says touch-timeout && hs_softkey blue fault stall all && t=$(now) && run && ended 6 &&
	took 4000 $t && says device-failed "does not answer" &&
	hs_softkey blue fault none
'
test_expect_success 'stalled, and SIGTERM: answers within two seconds' '
	hs_softkey blue fault stall && helperctl sign device=$blue key=blue.ed >req && run &&
	hs_wait_for "threads 2" 5 && t=$(now) && kill $(hs_pid helper) && ended && took 2000 $t && says touch-cancelled && hs_softkey blue fault none
'
test_expect_success 'stalled, while another key is touched' '
	hs_softkey blue fault stall &&
	helperctl sign device=$blue key=blue.ed device=$spare key=spare.ed25519 >req && run &&
	touched spare && ended && says ok && grep "^verifies ok$" said && hs_softkey blue fault none
'
test_expect_success 'PIN demanded, verification demanded' '
	hs_softkey blue fault error 36 && helperctl sign device=$blue key=blue.ed >req && at_once &&
	says pin-not-set && hs_softkey blue fault none &&
	helperctl sign verify=1 device=$blue key=blue.ed >req && at_once &&
	says pin-not-set "fido2-token -S" && grep "^retries 255$" said &&
	hs_softkey spare pin 123456 && helperctl sign verify=1 device=$spare key=spare.ed25519 >req &&
	at_once && says pin-required "wants its PIN, and none was given" && grep "^retries 8$" said
'
test_expect_success 'a PIN is set and not asked for: a touch is enough' '
	helperctl sign device=$spare key=spare.ed25519 >req && run && touched spare && ended &&
	says ok && grep "^flags 0x01$" said && grep "^device $spare$" said
'
test_expect_success 'a key that always wants its PIN' '
	hs_softkey spare always-uv on && at_once && says pin-required "wants its PIN" &&
	hs_softkey spare always-uv off
'
test_expect_success 'a key that gives up before we do' '
	hs_softkey_start brief -t 1 && helperctl enroll device=softkey:$HS_TMP/brief.sock >req &&
	at_once && says touch-timeout "not touched in time" && hs_stop brief
'
test_expect_success 'an error without a sentence is named' '
	hs_softkey blue fault error 7f && helperctl sign device=$blue key=blue.ed >req && at_once &&
	says device-failed "FIDO_ERR_ERR_OTHER" && hs_softkey blue fault none
'

# ---- what is not signed

test_expect_success 'rule6, rule10: what is no grant is refused, and no key is opened' '
	hs_softkey blue auto on && hs_softkey blue state | grep "^counter" >before &&
	for w in digest other-key login no-certificate no-key; do
		helperctl sign wrong=$w device=$blue key=blue.ed >req && at_once &&
			says helper-refused || return 1
	done &&
	helperctl sign wrong=differ device=$blue key=blue.ed key=blue.ec >req && at_once &&
	says helper-refused "differs from the first" &&
	helperctl sign shown= device=$blue key=blue.ed >req && at_once && says helper-refused &&
	hs_softkey blue state | grep "^counter" >after && test_cmp before after &&
	hs_softkey blue auto off
'
# broken: what is in req makes the helper answer, without op or with it
broken() { at_once && says "$1"; }
test_expect_success 'rule10: bytes that are no request' '
	helperctl sign device=$blue key=blue.ed >good &&
	: >req && rm -f ans && broken truncated &&
	printf "abc" >req && broken truncated &&
	head -c 100 good >req && broken truncated &&
	{ cat good && printf x; } >req && broken trailing-bytes &&
	cat good good >req && broken trailing-bytes &&
	head -c 4096 /dev/zero >req && broken trailing-bytes &&
	printf "\0\0\0\0" >req && broken truncated &&
	printf "\377\377\377\377" >req && broken too-long &&
	head -c 100000 /dev/zero | tr "\0" "\377" >req && broken too-long &&
	printf "\0\0\0\2\2\1" >req && broken unsupported "another version" &&
	printf "\0\0\0\2\1\7" >req && broken malformed &&
	printf "\0\0\0\2\1\1" >req && broken truncated &&
	helperctl sign verify=2 device=$blue key=blue.ed >req && broken malformed &&
	helperctl sign timeout=0 device=$blue key=blue.ed >req && broken malformed &&
	helperctl enroll timeout=601 device=$blue >req && broken malformed
'
# open_input CMD...: the helper, started by CMD (empty: as we are), with an input that does not end until
# descriptor 9 is closed
open_input() {
	rm -f in ans && mkfifo in && hs_spawn helper "$@" sh -c "exec '$H' <in >ans" && exec 9>in
}
test_expect_success 'a request that does not end is not waited for' '
	open_input && cat good >&9 && ended 10 && says truncated "in time"
'
exec 9>&-
test_expect_success 'arguments, and no output: no answer can be given' '
	test_expect_code 2 "$H" -h <good 2>err && grep "^usage" err &&
	test_expect_code 1 "$H" <good >&- 2>err && grep "closed" err &&
	test_expect_code 1 "$H" <&- 2>err && grep "closed" err &&
	helperctl sign wrong=login device=$blue key=blue.ed >req &&
	test_expect_code 1 "$H" <req >/dev/full
'
test_expect_success 'rule8: before it reads: undumpable, no cores, no new privileges' '
	mkdir -m 777 theirs && cd theirs &&
	open_input setpriv --reuid=deploy --regid=deploy --clear-groups && cd .. &&
	p=/proc/$(hs_pid helper) && hs_wait_for "grep -q \"^NoNewPrivs:.1\" $p/status" 5 &&
	hs_wait_for "test \"\$(stat -c %u $p/mem)\" = 0" 5 && grep "^Uid:.4001" $p/status &&
	grep "^Max core file size *0 *0 " $p/limits && exec 9>&- && hs_wait helper 5
'
exec 9>&-
test_expect_success 'rule8: it keeps no descriptor that it was not meant to have' '
	helperctl sign device=$blue key=blue.ed >req && rm -f ans &&
	hs_spawn helper sh -c "exec \"$H\" <req >ans 9</etc/passwd" && hs_softkey blue wait 10 &&
	! readlink /proc/$(hs_pid helper)/fd/* | grep passwd && touched blue && ended && says ok
'

hs_done
