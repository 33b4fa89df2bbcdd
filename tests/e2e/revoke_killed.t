#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a daemon that is killed at any moment, while certificates are issued and revoked by several at once,
# has forgotten no revocation that it acknowledged, starts again, and its lists name each of them.
test_description='kill -9 while revoking'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"

state=$XDG_STATE_HOME/handseal
kills=${REVOKE_KILLS:-12}
in="--user deploy --host web1.example.com --cmd id"

# One that gets certificates and revokes each, until the daemon is gone; what was acknowledged stands in acked.N.
worker() { # N
	while handseal request $in -o "$HS_TMP/w$1.$$" --json >"$HS_TMP/req.$1" 2>/dev/null; do
		w_=$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' "$HS_TMP/req.$1") || return 0
		mv "$HS_TMP/w$1.$$-cert.pub" "$HS_TMP/$w_-cert.pub" && rm -f "$HS_TMP/w$1.$$" "$HS_TMP/w$1.$$.pub"
		handseal revoke "$w_" >/dev/null 2>&1 && echo "$w_" >>"$HS_TMP/acked.$1"
	done
	return 0
}
round() {
	hs_softkey blue touch-next && timeout 30 handseal open $in --ttl 1h >/dev/null && before=$(cat "$HS_TMP"/acked.* 2>/dev/null | wc -l) || return 1
	worker 1 & a=$!
	worker 2 & b=$!
	worker 3 & c=$!
	# somewhere behind the first acknowledgement
	hs_wait_for "test \$(cat $HS_TMP/acked.* 2>/dev/null | wc -l) -gt $before" 10 && perl -e 'select(undef, undef, undef, rand 0.4)' && kill -KILL $(hs_pid handseald) && hs_wait handseald 5
	wait $a $b $c
	daemon || return 1
}
test_expect_success 'a key and a daemon' '
	policy "Agent unknown" "    Scope *" && hs_softkey_start blue && daemon && hs_softkey blue touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue
'
test_expect_success "rule5: killed $kills times, and no acknowledged revocation is forgotten" '
	i=0 && while test $i -lt $kills; do round || return 1; i=$((i + 1)); done && cat "$HS_TMP"/acked.* >acked && echo "# $(wc -l <acked) acknowledged" && test $(wc -l <acked) -ge $kills &&
	handseal krl -o all.krl && while read -r id; do
		s=${id%.*} n=${id#*.} && awk -v s=$s -v n=$n "\$2 == s { split(\$3, r, \"-\"); if (n >= r[1] && n <= (r[2] ? r[2] : r[1])) found = 1 } END { exit !found }" "$state/revoked" || { echo "forgotten: $id" && return 1; }
		ssh-keygen -Q -f all.krl "$HS_TMP/$id-cert.pub" >q; grep -q REVOKED q || { echo "not listed: $id" && return 1; }
	done <acked
'
test_expect_success 'what was written by half is gone, and all of it is in order' '
	hs_wait_for "! ls -a $state/lists $state/krl $state/sessions | grep -F .new-" 60 && ! grep -v -E "^[0-9]+ [0-9a-f]{16} ([0-9]+(-[0-9]+)?|[*]) [0-9]+$" "$state/revoked" && handseal krl --json >j && grep "\"lists\"" j
'
hs_done
