#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: whatever call a daemon makes on its files, and however that fails (short, full, read-only, an error,
# a sync that fails), it lives or says why not, releases nothing unrecorded, forgets no revocation, says so, and heals.
#	FAULTS=0 sh tests/e2e/faults.t -v	each call with each fault: half an hour
#	FAULTS=1000 HS_SEED=7 ...	so many, as that seed chooses; FAULTS=158/12: that one, as was printed
test_description='handseald: faults under its files'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"

state=$XDG_STATE_HOME/handseal
in="--user deploy --host web1.example.com --cmd id"
# fails MASK ERRNO: from now on those calls fail so (tests/preload/faults.h); slow MS: each sync takes so much longer;
# works: nothing fails, nothing is slow
plan() { perl -e 'open(my $f, "+<", shift) or die; seek($f, 24, 0); print $f pack("LlllL", $ARGV[1], $ARGV[2], 0, $ARGV[3], 0); seek($f, 8, 0); print $f pack("QQ", $ARGV[0], ~0)' "$HS_FAULTS" "$@"; }
fails() { plan 1 $1 $2 0; }
slow() { plan 0 0 0 $1; }
works() { plan 0 0 0 0; }
faulty() { perl -e 'open(my $f, ">", shift) or die; print $f "\0" x (1 << 20)' "$HS_FAULTS" && daemon LD_PRELOAD=$asan$HS_BUILD/tests/preload/faults.so; }
certificate() { rm -f c c.pub c-cert.pub; handseal request $in -o c --json "$@" >req && id=$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' req) && test "$id"; }

test_expect_success 'a key that touches itself, and small files' '
	hs_softkey_start blue && hs_softkey blue auto on && handseal enroll --device softkey:$HS_TMP/blue.sock --name blue &&
	printf "%s\n" "LogSize 64K" "LogCopy none" "Agent unknown" "    Scope *" >"$XDG_CONFIG_HOME/handseal/policy"
'
HS_FAULTS=$HS_TMP/plan HS_FAULTS_UNDER="$XDG_STATE_HOME:$XDG_RUNTIME_DIR"
export HS_FAULTS HS_FAULTS_UNDER
runs=100
asan=$(ldd "$HS_BIN/handseald" 2>/dev/null | sed -n 's/.*=> \(.*libasan[^ ]*\) .*/\1:/p')
test -z "$asan" || runs=40 # which is slower
test_expect_success 'rule4, rule5: what fails is refused, what was said holds, and it heals' '
	mkdir -p "$XDG_STATE_HOME/handseal" && chmod 700 "$XDG_STATE_HOME/handseal" &&
	HS_PRELOAD=$asan$HS_BUILD/tests/preload/hurry.so:$HS_BUILD/tests/preload/faults.so faultctl "$HS_BIN/handseald" "$HS_BIN/handseal" "$XDG_RUNTIME_DIR/a.sock" \
		"$XDG_STATE_HOME/handseal" "$HS_FAULTS" ${FAULTS:-$runs} ${HS_SEED:-$$$(date +%s)} >out 2>err || { grep -v "^#" out; tail -n 3 out; cat err; false; } && grep -v "^#" out | sed "s/^/# /" &&
	test "$(sed -n "s/^calls //p" out)" -ge 100 && { test "$FAULTS" || { test "$(sed -n "s/^refused //p" out)" -ge 1 && test "$(sed -n "s/^shown //p" out)" -ge 1; }; }
'
# a mount cannot be made read-only while a file on it is open for writing: so it becomes that only by failing
test_expect_success 'rule4, rule5: a disk that becomes read-only under a daemon, and is mended' '
	faulty && timeout 20 handseal open $in --ttl 1h && certificate && one=$id && certificate && two=$id &&
	fails 58 30 && test_expect_code 3 handseal request $in -o d --json >out && grep "\"code\": *\"not-recorded\"" out && test ! -e d-cert.pub &&
	handseal status >st && grep "CANNOT BE WRITTEN" st && test_expect_code 3 handseal revoke $one --json >out && grep "\"code\": *\"io-failed\"" out && grep -i "read-only" out &&
	handseal status >st && cat st && grep "^TROUBLE .*revocation.*Read-only" st && handseal status --json >st && tr -d " \n" <st | grep "\"writable\":false.*\"troubles\":\[\"" &&
	! grep " ${one%.*} ${one#*.} " "$state/revoked" && works && hs_wait_for "handseal status | grep -q \"records on disk$\"" 10 &&
	certificate && handseal revoke $one && grep " ${one%.*} ${one#*.} " "$state/revoked" && handseal status --json >st && tr -d " \n" <st | grep "\"writable\":true.*\"troubles\":\[\]" &&
	hs_stop handseald && grep "\"event\":\"voided\"" "$state/audit.jsonl" && handseal audit verify >out && grep "lost record" out
'
hs_done
