#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a daemon that is killed at any point, under load, again and again, leaves a log that its
# successor reads on from, whole over all files, in which is every certificate and signature that any client was given,
# and has forgotten no revocation that it acknowledged.
#	KILLS=2000 sh tests/e2e/crash.t -v	more of it
test_description='handseald: killed, again and again'
. "$(dirname "$0")/../lib/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

# a file of the log is full within a few kills
test_expect_success 'a key that touches itself, and small files' '
	hs_softkey_start blue && hs_softkey blue auto on && handseal enroll --device softkey:$HS_TMP/blue.sock --name blue &&
	printf "%s\n" "LogSize 64K" "LogCopy none" "Agent unknown" "    Scope *" >"$XDG_CONFIG_HOME/handseal/policy"
'
# where the daemon has AddressSanitizer, that wants to be first
asan=$(ldd "$HS_BIN/handseald" 2>/dev/null | sed -n 's/.*=> \(.*libasan[^ ]*\) .*/\1:/p')
KILLS=${KILLS:-$(test "$asan" && echo 80 || echo 200)} # it is slower
test_expect_success 'rule4, rule5: nothing that was released is missing, nothing taken back is forgotten, no line is half' '
	HS_PRELOAD=$asan$HS_BUILD/tests/preload/hurry.so timeout 600 crashctl "$HS_BIN/handseald" "$HS_TMP/run/a.sock" \
		"$XDG_STATE_HOME/handseal" $KILLS ${HS_SEED:-$$$(date +%s)} >out 2>err || { cat out err; false; } && sed "s/^/# /" out &&
	test "$(sed -n "s/^known //p" out)" -ge $KILLS && test "$(sed -n "s/^kills //p" out)" -ge $KILLS &&
	test "$(sed -n "s/^revoked //p" out)" -ge 1 && test "$(sed -n "s/^signatures //p" out)" -ge 1 &&
	test "$(sed -n "s/^rotated //p" out)" -ge 1 && test "$(sed -n "s/^checkpoints //p" out)" -ge 1
'
hs_done
