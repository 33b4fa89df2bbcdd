#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: `handseal enroll --pin` asks for the security key's PIN on a terminal or through
# askpass, passes it to the helper and to nobody else, and keeps a root that demands it; what goes
# wrong with a PIN is told with what helps.
test_description='handseal enroll --pin'
. "$(dirname "$0")/../lib/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

roots=$XDG_CONFIG_HOME/handseal/roots
dev=softkey:$HS_TMP/blue.sock
real=$HANDSEAL_SK_HELPER
PIN=caffè-2468

# an askpass program that gives what is in the file pin, notes what it was asked, and exits as in code
mkdir "$HS_TMP/a"
cat >"$HS_TMP/a/askpass" <<EOF
#!/bin/sh
printf "%s|%s|%s\n" "\$#" "\$1" "\${SSH_ASKPASS_PROMPT-unset}" >$HS_TMP/a/asked
cat $HS_TMP/a/pin
exit \$(cat $HS_TMP/a/code)
EOF
chmod 755 "$HS_TMP/a/askpass"
give() { printf '%s\n' "$1" >"$HS_TMP/a/pin" && echo "${2:-0}" >"$HS_TMP/a/code" && rm -f "$HS_TMP/a/asked"; }
export HANDSEAL_ASKPASS=$HS_TMP/a/askpass SSH_ASKPASS_REQUIRE=force

enroll() { timeout 60 handseal enroll --device "$dev" "$@"; }
# refuses CODE EXIT TEXT CMD...: fails so, says so, keeps nothing
refuses() {
	code=$1 status=$2 text=$3
	shift 3
	ls "$roots" >before 2>/dev/null
	test_expect_code $status "$@" >out 2>err && grep -e "$text" err >/dev/null &&
		grep "($code)" err >/dev/null && { ls "$roots" >after 2>/dev/null || true; } &&
		test_cmp before after || { cat out err && false; }
}
tries() { hs_softkey blue state >state && grep -q -x "retries $1" state || { cat state && false; }; }

test_expect_success 'a software key with a PIN' '
	hs_softkey_start blue && hs_softkey blue pin "$PIN"
'
test_expect_success 'enrol with the PIN: asked once, one touch, a root that demands it' '
	give "$PIN" && hs_spawn enrol handseal enroll --device "$dev" --name blue --pin && hs_softkey blue wait 20 &&
	test "$(cat "$HS_TMP/a/asked")" = "1|PIN of the security key: |unset" && hs_softkey blue touch &&
	hs_wait enrol 20 && test "$HS_STATUS" = 0 && cp "$HS_TMP/enrol.log" out &&
	grep "Touch it when it blinks … touched\." out && grep "^Enrolled blue .* ed25519-sk, touch with PIN$" out &&
	grep "^Its PIN is asked for with every touch" out && ! grep -e "--pin" out &&
	grep -x "Verify pin" "$roots/blue" && grep -x "Attestation unverified" "$roots/blue" && tries 8
'
test_expect_success 'roots tells it, and its line for servers demands verification, which handseal-verify can read' '
	handseal roots >out && grep "^blue .*, touch with PIN$" out && handseal roots --json | grep "\"verify\": \"pin\"" &&
	handseal roots --pub >out && grep "^users=\"CHANGE-ME\",require-uv sk-" out && grep -v "^#" out >"$HS_SERVER/roots" &&
	echo "HostName web1.example.com" >"$HS_SERVER/verify.conf" && ssh-keygen -q -t ed25519 -N "" -f ca &&
	ssh-keygen -q -t ed25519 -N "" -f plain && ssh-keygen -q -s ca -I x -n deploy plain.pub &&
	read -r t k _ <plain-cert.pub && { handseal-verify --config "$HS_SERVER" --log stderr keys deploy $t $k >out 2>err; true; } &&
	! grep skipped err
'
test_expect_success 'ecdsa, PIN protocol 1, in JSON' '
	hs_softkey blue auto on && hs_softkey blue old on && give "$PIN" &&
	enroll --pin --type ecdsa --name spare --json >out 2>err && grep "\"verify\": \"pin\"" out &&
	grep -x "Verify pin" "$roots/spare" && hs_softkey blue old off
'
test_expect_success 'without --pin it is touch, though the key has a PIN; nobody is asked' '
	give "$PIN" && enroll --name plain >out && grep "touch without PIN$" out && test ! -e "$HS_TMP/a/asked" &&
	grep -x "Verify touch" "$roots/plain"
'
test_expect_success 'a key that always wants its PIN: without --pin it is said what to do' '
	hs_softkey blue always-uv on && refuses pin-required 1 "handseal enroll --pin" enroll --name x &&
	enroll --pin --name always >out && grep "touch with PIN$" out && grep -x "Verify pin" "$roots/always" &&
	hs_softkey blue always-uv off && rm "$roots/always"
'

# ---- PINs that do not do

test_expect_success 'a wrong PIN: told with what is left; three in a row; pulled out and right' '
	give 99999 && refuses pin-invalid 1 "the PIN is wrong: 7 tries are left" enroll --pin --name x &&
	refuses pin-invalid 1 "6 tries are left" enroll --pin --name x &&
	refuses pin-auth-blocked 1 "plug it in again" enroll --pin --name x && tries 5 && give "$PIN" &&
	refuses pin-auth-blocked 1 "plug it in again" enroll --pin --name x && tries 5 &&
	hs_softkey blue replug && enroll --pin --name x && rm "$roots/x" && tries 8
'
test_expect_success 'what cannot be a PIN never reaches the key, nor a helper' '
	HANDSEAL_SK_HELPER=/nonexistent && give 123 && refuses pin-invalid 1 "fewer than 4" enroll --pin --name x &&
	give "$(printf "%064d" 0)" && refuses pin-invalid 1 "more than 63" enroll --pin --name x &&
	give "$(printf "12345\377")" && refuses pin-invalid 1 "not UTF-8" enroll --pin --name x &&
	HANDSEAL_SK_HELPER=$real && tries 8
'
test_expect_success 'nothing entered: a key without a sensor wants its PIN' '
	give "" && refuses pin-required 1 "none was given" enroll --pin --name x
'
test_expect_success 'not given: nothing was asked of the key, exit 4' '
	give "$PIN" 1 && refuses touch-cancelled 4 "no PIN was entered" enroll --pin --name x && tries 8
'
test_expect_success 'a key without a PIN: how to set one' '
	hs_softkey_start bare && give "$PIN" &&
	refuses pin-not-set 1 "fido2-token -S" handseal enroll --device "softkey:$HS_TMP/bare.sock" --pin --name x
'
test_expect_success 'nowhere to ask' '
	refuses no-channel 3 "nowhere to ask" env -u HANDSEAL_ASKPASS setsid -w handseal enroll --device "$dev" --pin --name x &&
	refuses no-channel 3 "nowhere to ask" env SSH_ASKPASS_REQUIRE=never setsid -w handseal enroll --device "$dev" --pin --name x
'
cat >$HS_TMP/a/lie.pl <<'EOF'
local $/; my $frame = <STDIN>;
my @a = unpack "x4 C C N/a* N/a* N/a* N/a* N/a* a16 C N/a* N/a* N/a* C", $frame;
eval shift; die $@ if $@;
print pack "N/a*", pack "C C N/a* N/a* N/a* N/a* N/a* a16 C N/a* N/a* N/a* C", @a;
EOF
cat >$HS_TMP/a/touch-only.pl <<'EOF'
local $/; $_ = <STDIN>; substr($_, -2) = "\0\0"; print; # neither verify nor pin
EOF
cat >$HS_TMP/a/fake <<EOF
#!/bin/sh
perl $HS_TMP/a/touch-only.pl | $real | perl $HS_TMP/a/lie.pl "\$(cat $HS_TMP/a/lie)"
EOF
chmod 755 $HS_TMP/a/fake
test_expect_success 'rule9: a helper that had nobody verified, and says so or does not' '
	give "$PIN" && HANDSEAL_SK_HELPER=$HS_TMP/a/fake && : >$HS_TMP/a/lie &&
	refuses helper-lied 1 "the person was verified" enroll --pin --name x &&
	printf "%s" "\$a[8] = 0x45" >$HS_TMP/a/lie && refuses helper-lied 1 "flags" enroll --pin --name x &&
	HANDSEAL_SK_HELPER=$real
'

# ---- rule 8: where the PIN is

test_expect_success 'rule8: the PIN is in no argument, environment or output, and the helper has none of our descriptors' '
	secret=Zz9-unmistakable && hs_softkey blue pin $secret && hs_softkey blue auto off && give $secret &&
	hs_spawn enrol handseal enroll --device "$dev" --name hidden --pin && hs_softkey blue wait 20 && n=0 &&
	for p in /proc/[0-9]*; do
		tr "\0" " " <$p/cmdline | grep -q "handseal" || continue
		n=$((n + 1)) && ! grep -a -q $secret $p/cmdline && ! grep -a -q $secret $p/environ || return 1
	done && test $n -ge 2 && hs_softkey blue touch && hs_wait enrol 20 && test "$HS_STATUS" = 0 &&
	! grep -a -r $secret "$HS_TMP"/*.log "$XDG_CONFIG_HOME" && rm "$roots/hidden" && hs_softkey blue auto on &&
	hs_softkey blue pin "$PIN"
'

# ---- on a terminal

# for hs_spawn: a program with its signals as a terminal's, not as a background job's
fg_() { exec perl -e '$SIG{INT} = "DEFAULT"; $SIG{QUIT} = "DEFAULT"; exec @ARGV or die' "$@"; }
# terminal CMD: runs it on one; it is typed through descriptor 9, and what is shown goes to the file shown
terminal() {
	rm -f keys && mkfifo keys && : >shown && hs_spawn term fg_ sh -c "exec script -q -e -c '$1' /dev/null <keys >shown" &&
		exec 9>keys
}
shows() { hs_wait_for "grep -q -e \"$1\" shown" 20 || { cat shown && false; }; }
unset HANDSEAL_ASKPASS SSH_ASKPASS_REQUIRE

test_expect_success 'the PIN is typed, not echoed, and the terminal is as it was' '
	terminal "handseal enroll --device $dev --pin --name tty; echo code \$?; stty -a" && shows "PIN of the security key: " &&
	printf "%s\n" "$PIN" >&9 && shows "code 0" && shows "[^-]echo " && exec 9>&- && hs_wait term 10 &&
	! grep "2468" shown && grep -x "Verify pin" "$roots/tty"
'
exec 9>&-
test_expect_success 'Ctrl-C at the PIN: exit 4, nothing kept, the echo is back' '
	terminal "trap : INT; handseal enroll --device $dev --pin --name x; echo code \$?; stty -a" &&
	shows "PIN of the security key: " && printf "24\003" >&9 && shows "code 4" && shows "[^-]echo " && exec 9>&- &&
	hs_wait term 10 && grep "touch-cancelled" shown && ! grep "24[^0-9]*code" shown && test ! -e "$roots/x" && tries 8
'
exec 9>&-

hs_done
