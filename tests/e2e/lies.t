#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: chains made by another hand, which lies in whole parts of them, and certificates that stock ssh-keygen
# makes to look like ours, are refused with the right code. Faults in single fields are refusals.t's. It needs no server.
test_description='chains that lie'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_init "$@"

# no CODE CERT: handseal-verify prints no line, logs that code, and explain says the same
no() {
	test -z "$(hv_says $2 deploy)" && grep "refused deploy: $1: ." "$HS_TMP/said" || { cat "$HS_TMP/said" && return 1; }
	test_expect_code 3 handseal-verify --config "$HS_SERVER" explain "$HS_TMP/$2-cert.pub" --user deploy --from 192.0.2.1 >"$HS_TMP/out" && head -n 1 "$HS_TMP/out" | grep "^NO, $1: "
}
yes_() { hv_says $1 deploy | grep "^restrict,cert-authority,"; }
t=ssh-ed25519-cert-v01@openssh.com
# by_hand NAME CA ARG...: stock ssh-keygen certifies the agent's key
by_hand() {
	by_hand_=$1 ca_=$2
	shift 2
	cp "$HS_TMP/id.pub" "$HS_TMP/$by_hand_.pub" && ssh-keygen -q -s "$HS_TMP/$ca_" "$@" "$HS_TMP/$by_hand_.pub"
}

test_expect_success 'roots, two sessions, a chain that is right' '
	for r in root:ed25519 root2:ecdsa stranger:ed25519; do forgecert root ${r#*:} "$HS_TMP/${r%:*}" || return 1; done &&
	forgecert session "$HS_TMP/session" && forgecert session "$HS_TMP/session2" && ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/id" && hv_roots && hv_conf &&
	hv_scope "user deploy" "host web1.example.com" "addr *" "cmd id -un" >"$HS_TMP/scope" && hv_scope "user deploy" "host web1.example.com" "addr *" "cmd *" >"$HS_TMP/wide" && hv_cert good && yes_ good &&
	for g in narrow:scope: wide:wide:; do forgecert grant "$HS_TMP/${g%%:*}-grant.pub" root="$HS_TMP/root" session="$HS_TMP/session" scope="$HS_TMP/$(echo $g | cut -d: -f2)" || return 1; done &&
	forgecert grant "$HS_TMP/other-grant.pub" root="$HS_TMP/root" session="$HS_TMP/session2" scope="$HS_TMP/wide"
'
test_expect_success 'links: another session'\''s grant, another session'\''s signature, a root that is none' '
	hv_cert l embed="$HS_TMP/other-grant.pub" && no wrong-link l && hv_cert l by="$HS_TMP/session2" && no certificate-signature l && hv_cert l root="$HS_TMP/stranger" && no root-unknown l &&
	hv_cert l session="$HS_TMP/session2" embed="$HS_TMP/narrow-grant.pub" && no wrong-link l
'
test_expect_success 'rule3: swapped grants: a wider one behind the signing, or a scope wider than the one that is there' '
	hv_cert s embed="$HS_TMP/narrow-grant.pub" && yes_ s && hv_cert s embed="$HS_TMP/narrow-grant.pub" swap="$HS_TMP/wide-grant.pub" && no certificate-signature s && hv_cert s swap="$HS_TMP/other-grant.pub" && no wrong-link s &&
	hv_cert s scope="$HS_TMP/wide" embed="$HS_TMP/narrow-grant.pub" && no wider-than-grant s && hv_cert s scope="$HS_TMP/wide" ceiling="$HS_TMP/scope" && no wider-than-grant s
'
test_expect_success 'a direct certificate, a delegation or a key in place of the grant' '
	hv_scope "user deploy" "host *" "addr *" "cmd id" | sed "s/^max-ttl.*/max-ttl 15m/" >"$HS_TMP/d.scope" && forgecert direct "$HS_TMP/d-cert.pub" root="$HS_TMP/root" key="$HS_TMP/session.pub" scope="$HS_TMP/d.scope" &&
	hv_cert p embed="$HS_TMP/d-cert.pub" && no grant-form p && hv_cert p embed="$HS_TMP/good-cert.pub" && no grant-form p && hv_cert p embed="$HS_TMP/root.pub" && no grant-form p &&
	cp "$HS_TMP/narrow-grant.pub" "$HS_TMP/g-cert.pub" && no grant-as-login g && no root-not-direct d
'
test_expect_success 'rule1: user-presence off, flags that nobody knows' '
	for f in 0 2 3 4 6 7 9 17 33 65 69 129 133 255; do hv_cert f flags=$f && no no-touch f || { echo "# $f" && return 1; }; done && hv_cert f flags=5 && yes_ f &&
	for f in 0 3 65 133; do hv_cert f root="$HS_TMP/root2" flags=$f && no no-touch f || { echo "# $f" && return 1; }; done
'
test_expect_success 'times: a grant to 2106, for ever, of tomorrow; a certificate that outlives it' '
	end=$((4294967295 - $(date +%s))) && hv_cert t grant-end=$end && no too-long-lived t && hv_cert t grant-end=90000 && no too-long-lived t && hv_cert t grant-after=3600 grant-end=7200 after=3600 before=4000 && no not-yet-valid t &&
	hv_cert t grant-after=60 after=-60 && no not-yet-valid t && hv_cert t before=7200 grant-end=3600 && no wider-than-grant t && hv_cert t grant-after=-7200 grant-end=-10 after=-7000 && no expired t && hv_cert t before=30000 grant-end=40000 && no too-long-lived t
'
test_expect_success 'bytes behind it, 100 kB, and what no argument holds' '
	for n in 1 4 1000 90000; do hv_cert b append=$n && no certificate-form b || { echo "# $n" && return 1; }; done && hv_cert b append=100000 &&
	test_expect_code 1 handseal-verify --config "$HS_SERVER" explain "$HS_TMP/b-cert.pub" 2>"$HS_TMP/err" && grep "is longer than" "$HS_TMP/err" && ! hv_says b deploy
'
test_expect_success 'by ssh-keygen: marks of ours on what is no chain' '
	by_hand h session -I "handseal:x:1:claude" -n :handseal -z 1 -V -1m:+15m && no certificate-form h && by_hand h session -I x -n handseal-grant -V -1m:+15m && no certificate-form h && by_hand h session -I x -n deploy -O extension:scope@handseal.alt=x -V -1m:+15m && no certificate-form h &&
	by_hand h session -I x -n deploy -O critical:grant@handseal.alt=x -V -1m:+15m && no grant-as-login h && by_hand h session -I x -n deploy -O extension:touch@handseal.alt=x -V -1m:+15m && no certificate-form h && by_hand h session -h -I x -n :handseal -V -1m:+15m && no certificate-form h
'
test_expect_success 'by ssh-keygen: what has no mark of ours is not ours, and nothing is said' '
	by_hand h session -I x -n deploy -V -1m:+15m && test -z "$(hv_says h deploy)" && test ! -s "$HS_TMP/said" && ssh-keygen -q -t rsa -b 2048 -N "" -f "$HS_TMP/rsa" && by_hand h rsa -I x -n :handseal && test -z "$(hv_says h deploy)" && test ! -s "$HS_TMP/said" &&
	cp "$HS_TMP/rsa.pub" "$HS_TMP/r.pub" && ssh-keygen -q -s "$HS_TMP/session" -I x -n :handseal "$HS_TMP/r.pub" && test -z "$(hv_says r deploy)" && test ! -s "$HS_TMP/said"
'
test_expect_success 'by ssh-keygen: a chain of its own, grant and all, is not one byte for byte' '
	cut -d" " -f2 "$HS_TMP/narrow-grant.pub" | base64 -d >"$HS_TMP/g.raw" && by_hand h session -I "handseal:$(cut -d" " -f2 "$HS_TMP/session.pub" | base64 -d | sha256sum | cut -c1-16):1:claude" -n :handseal -z 1 -O clear -V -1m:+15m \
		-O extension:agent@handseal.alt=claude -O extension:lineage@handseal.alt= -O "extension:scope@handseal.alt=$(sed "s/8h/28800/" "$HS_TMP/scope" | sort -s | sed "/^$/d")" && no certificate-form h
'
hs_done
