#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: whatever call a daemon makes on its files, and however that fails (short, full, read-only, an error,
# a sync that fails), it lives or says why not, releases nothing unrecorded, forgets no revocation, says so, and heals.
#	FAULTS=0 sh tests/e2e/faults.t -v	each call with each fault: half an hour
#	FAULTS=1000 HS_SEED=7 ...		so many, as that seed chooses
test_description='handseald: faults under its files'
. "$(dirname "$0")/../lib/e2e.sh"
hs_ns "$0" "$@"
hs_init "$@"

test_expect_success 'a key that touches itself, and small files' '
	hs_softkey_start blue && hs_softkey blue auto on && handseal enroll --device softkey:$HS_TMP/blue.sock --name blue &&
	printf "%s\n" "LogSize 64K" "LogCopy none" "Agent unknown" "    Scope *" >"$XDG_CONFIG_HOME/handseal/policy"
'
asan=$(ldd "$HS_BIN/handseald" 2>/dev/null | sed -n 's/.*=> \(.*libasan[^ ]*\) .*/\1:/p')
test_expect_success 'rule4, rule5: what fails is refused, what was said holds, and it heals' '
	mkdir -p "$XDG_STATE_HOME/handseal" && chmod 700 "$XDG_STATE_HOME/handseal" && HS_FAULTS=$HS_TMP/plan HS_FAULTS_UNDER="$XDG_STATE_HOME:$XDG_RUNTIME_DIR" && export HS_FAULTS HS_FAULTS_UNDER &&
	HS_PRELOAD=$asan$HS_BUILD/tests/preload/hurry.so:$HS_BUILD/tests/preload/faults.so faultctl "$HS_BIN/handseald" "$HS_BIN/handseal" "$XDG_RUNTIME_DIR/a.sock" \
		"$XDG_STATE_HOME/handseal" "$HS_FAULTS" ${FAULTS:-100} ${HS_SEED:-$$$(date +%s)} >out 2>err || { grep -v "^#" out; tail -n 3 out; cat err; false; } && grep -v "^#" out | sed "s/^/# /" &&
	test "$(sed -n "s/^calls //p" out)" -ge 100 && test "$(sed -n "s/^refused //p" out)" -ge 1 && test "$(sed -n "s/^shown //p" out)" -ge 1
'
hs_done
