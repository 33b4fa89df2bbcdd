#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: handseal-verify sig takes a message signed by an agent's certificate where the whole chain, the
# namespace and what the owner wrote allow it, and for each kind of no says why. It needs no server and no rights.
test_description='signed messages'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_init "$@"

scope() { printf '%s\n' "max-ttl 8h" "max-uses *" "" "$@"; }
# signed NAME NS [KEY=VALUE...]: the message m, signed by ssh-keygen with a forged certificate: NAME.sig
signed() {
	signed_=$1 ns_=$2
	shift 2
	hv_cert "$signed_" "$@" && cp "$HS_TMP/id" "$HS_TMP/$signed_" && rm -f "$HS_TMP/m.sig" &&
		ssh-keygen -q -Y sign -n "$ns_" -f "$HS_TMP/$signed_-cert.pub" "$HS_TMP/m" && mv "$HS_TMP/m.sig" "$HS_TMP/$signed_.sig"
}
sig() { # NAME ARG...
	sig_=$1
	shift
	handseal-verify --config "$HS_SERVER" sig -s "$HS_TMP/$sig_.sig" "$@" <"$HS_TMP/m" >"$HS_TMP/out" 2>"$HS_TMP/err"
}
good() { sig "$@" && head -n 1 "$HS_TMP/out" | grep "^GOOD, " || { cat "$HS_TMP/out" "$HS_TMP/err" && return 1; }; }
bad() { # CODE NAME ARG...
	bad_=$1
	shift
	test_expect_code 3 sig "$@" && head -n 1 "$HS_TMP/out" | grep "^NOT GOOD, $bad_: ." || { cat "$HS_TMP/out" "$HS_TMP/err" && return 1; }
}
says() { grep -F -e "$1" "$HS_TMP/out"; }
json() {
	perl -MJSON::PP -e 'my $j = JSON::PP->new->utf8->decode(join "", <STDIN>);
		eval(shift) or die "not so: ", JSON::PP->new->canonical->pretty->encode($j)' "$1" <"$HS_TMP/out"
}

test_expect_success 'roots, sessions, a message signed under one' '
	forgecert root ed25519 "$HS_TMP/root" && forgecert root ecdsa "$HS_TMP/root2" && forgecert root ed25519 "$HS_TMP/stranger" &&
	forgecert session "$HS_TMP/session" && forgecert session "$HS_TMP/session2" && ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/id" &&
	scope "ns git" "cap write:repo/acme/**" "" "ns file" >"$HS_TMP/scope" && hv_roots && hv_conf "Namespaces git file" &&
	echo "a message" >"$HS_TMP/m" && fp=$(ssh-keygen -lf "$HS_TMP/root.pub" | cut -d" " -f2) &&
	id=$(cut -d" " -f2 "$HS_TMP/session.pub" | base64 -d | sha256sum | cut -c1-16) && signed a git && good a -n git
'
test_expect_success 'who, what, whose touch, which key' '
	head -n 1 "$HS_TMP/out" | grep -E "^GOOD, \"git\": signed by claude under a touch of Anna.s blue, if it was at 20..-..-.. ..:..:.. UTC$" &&
	says "  id       handseal:$id:1:claude   serial 1" && says "Anna'\''s blue $fp" && says "both signatures good" &&
	sig a -n git --json && json "\$j->{good} && \$j->{code} eq \"ok\" && \$j->{namespace} eq \"git\" && \$j->{kind} eq \"delegation\" &&
		\$j->{certificate}{agent} eq \"claude\" && \$j->{certificate}{id} eq \"handseal:$id:1:claude\" && \$j->{root}{fingerprint} eq \"$fp\" &&
		\$j->{touch}{flags} == 1 && \$j->{effective} =~ /^ns git\$/m && !\$j->{revocation}{revoked}"
'
test_expect_success 'either hash, either kind of root, a large message' '
	signed ec git root="$HS_TMP/root2" && good ec -n git && cp "$HS_TMP/m" "$HS_TMP/kept" && head -c 3000000 /dev/urandom >"$HS_TMP/m" && signed big file && good big -n file && cp "$HS_TMP/kept" "$HS_TMP/m" &&
	cp "$HS_TMP/a" "$HS_TMP/b" && cp "$HS_TMP/a-cert.pub" "$HS_TMP/b-cert.pub" && ssh-keygen -q -Y sign -O hashalg=sha256 -n git -f "$HS_TMP/b-cert.pub" "$HS_TMP/m" && mv "$HS_TMP/m.sig" "$HS_TMP/b.sig" && good b -n git
'
test_expect_success 'another message, one byte more' '
	bad message-signature big -n file && echo >>"$HS_TMP/m" && bad message-signature a -n git && cp "$HS_TMP/kept" "$HS_TMP/m" &&
	sed "3s/[A-Za-z]/_/2;3y/_abAB/AbaBA/" "$HS_TMP/a.sig" >"$HS_TMP/x.sig" && bad "[a-z-]*" x -n git
'
test_expect_success 'rule3: namespaces: what it was signed for, what the chain allows, what the owner takes' '
	bad wrong-namespace a -n file && signed r release && hv_conf "Namespaces *" && bad outside-scope r -n release &&
	scope "ns release" >"$HS_TMP/release" && signed w release scope="$HS_TMP/release" ceiling="$HS_TMP/scope" && bad wider-than-grant w -n release &&
	signed w release scope="$HS_TMP/release" && good w -n release && hv_conf "Namespaces git" && bad wrong-namespace w -n release &&
	grep "verify.conf does not have this namespace" "$HS_TMP/out" && hv_conf && bad wrong-namespace a -n git && hv_conf "Namespaces git file"
'
test_expect_success 'a cap, of the same statement, that the root'\''s line has too' '
	bad root-not-for-cap a -n git --cap write:repo/acme/web && hv_roots "caps=\"write:repo/**\" $(cat "$HS_TMP/root.pub") Anna'\''s blue" "$(cat "$HS_TMP/root2.pub") Anna'\''s spare" &&
	good a -n git --cap write:repo/acme/web && bad outside-scope a -n git --cap write:repo/other && bad usage a -n git --cap nonsense &&
	signed f file && good f -n file && bad outside-scope f -n file --cap write:repo/acme/web && hv_roots
'
test_expect_success 'whose touch: a root by its name or its fingerprint' '
	good a -n git -I "Anna'\''s blue" && good a -n git -I "$fp" && bad root-unknown a -n git -I "Anna'\''s spare" && bad root-unknown ec -n git -I "$fp"
'
test_expect_success 'rule1: roots, links, touches' '
	signed s git root="$HS_TMP/stranger" && bad root-unknown s -n git && signed u git flags=0 && bad no-touch u -n git &&
	signed odd git flags=3 && bad no-touch odd -n git && hv_conf "Namespaces git" "RequireUV yes" && bad no-verification a -n git &&
	signed uv git flags=5 && good uv -n git && hv_conf "Namespaces git file" &&
	forgecert faults >"$HS_TMP/faults" && tried=0 && while read -r fault code; do
		signed fault git wrong=$fault 2>"$HS_TMP/err" || continue # ssh-keygen would not
		bad $code fault -n git || { echo "# $fault" && return 1; }
		tried=$((tried + 1))
	done <"$HS_TMP/faults" && test $tried -ge 40
'
test_expect_success 'times: now, or those that --at names' '
	signed old git grant-after=-7200 after=-3600 before=-5 && bad expired old -n git && now=$(date +%s) && good old -n git --at $((now - 60)) &&
	good old -n git --at "$(date -u -d @$((now - 60)) +%Y-%m-%dT%H:%M:%SZ)" && bad not-yet-valid old -n git --at $((now - 3700)) &&
	bad expired a -n git --at $((now + 1000)) && signed long git grant-end=90000 && bad too-long-lived long -n git
'
test_expect_success 'revoked is refused, whenever it is said to be signed' '
	mkdir "$HS_TMP/lists" && hv_conf "Namespaces git" "Revocations $HS_TMP/lists" && good a -n git && says "too young to need a list" &&
	forgelist "$HS_TMP/lists/$id.list" root="$HS_TMP/root" session="$HS_TMP/session" serials=1 && bad revoked a -n git && bad revoked a -n git --at $(($(date +%s) - 30)) &&
	forgelist "$HS_TMP/lists/$id.list" root="$HS_TMP/root" session="$HS_TMP/session" serials=2 && good a -n git && says "no, says the list of" &&
	rid=$(cut -d" " -f2 "$HS_TMP/root.pub" | base64 -d | sha256sum | cut -c1-16) && listctl make "$HS_TMP/lists/root-$rid.list" root="$HS_TMP/root" session=$id && bad revoked a -n git && rm "$HS_TMP/lists/root-$rid.list" && good a -n git &&
	echo "$fp lost" >"$HS_SERVER/revoked" && bad revoked a -n git && rm "$HS_SERVER/revoked"
'
test_expect_success 'an older certificate needs a list that was fresh at that time, and lists that cannot be read refuse' '
	signed aged git grant-after=-7200 after=-7200 before=600 && rm "$HS_TMP/lists/$id.list" && bad revocation-unknown aged -n git && now=$(date +%s) && good aged -n git --at $((now - 6500)) &&
	forgelist "$HS_TMP/lists/$id.list" root="$HS_TMP/root" session="$HS_TMP/session" serials=9 issued=-3600 && bad revocation-unknown aged -n git && good aged -n git --at $((now - 3000)) &&
	hv_conf "Namespaces git" "Revocations $HS_TMP/nowhere" && bad revocation-unknown a -n git && hv_conf "Namespaces git file"
'
test_expect_success 'roots of another file: what the caller says counts, what the owner refuses still does' '
	cp "$HS_TMP/stranger.pub" "$HS_TMP/mine" && good s -n git --roots "$HS_TMP/mine" && bad root-unknown a -n git --roots "$HS_TMP/mine" && hv_conf && good s -n git --roots "$HS_TMP/mine" &&
	echo "$id" >"$HS_SERVER/revoked" && bad revoked s -n git --roots "$HS_TMP/mine" && rm "$HS_SERVER/revoked" && rm "$HS_SERVER/verify.conf" && good s -n git --roots "$HS_TMP/mine" &&
	bad io-failed a -n git && hv_conf "RequireUV maybe" && bad config-invalid s -n git --roots "$HS_TMP/mine" && hv_conf "Namespaces git file" && test_expect_code 1 sig a -n git --roots "$HS_TMP/none"
'
test_expect_success 'a grant, a direct certificate, and what is none of ours sign nothing' '
	scope "user deploy" "host *" "addr *" "cmd id" >"$HS_TMP/direct.scope" && sed -i "s/^max-ttl.*/max-ttl 15m/" "$HS_TMP/direct.scope" && cp "$HS_TMP/id" "$HS_TMP/direct" &&
	forgecert direct "$HS_TMP/direct-cert.pub" root="$HS_TMP/root" key="$HS_TMP/id.pub" scope="$HS_TMP/direct.scope" && ssh-keygen -q -Y sign -n git -f "$HS_TMP/direct-cert.pub" "$HS_TMP/m" && mv "$HS_TMP/m.sig" "$HS_TMP/direct.sig" &&
	bad root-not-direct direct -n git && hv_roots "direct $(cat "$HS_TMP/root.pub")" && bad outside-scope direct -n git && hv_roots &&
	cp "$HS_TMP/session" "$HS_TMP/g" && chmod 600 "$HS_TMP/g" && forgecert grant "$HS_TMP/g-cert.pub" root="$HS_TMP/root" session="$HS_TMP/session" scope="$HS_TMP/scope" &&
	ssh-keygen -q -Y sign -n git -f "$HS_TMP/g-cert.pub" "$HS_TMP/m" && mv "$HS_TMP/m.sig" "$HS_TMP/g.sig" && bad grant-as-login g -n git &&
	ssh-keygen -q -Y sign -n git -f "$HS_TMP/id" "$HS_TMP/m" && mv "$HS_TMP/m.sig" "$HS_TMP/plain.sig" && bad not-ours plain -n git
'
# ssh-keygen knows no touch, no namespace of a scope: what it would find good in a file that is none here must not reach it
test_expect_success 'rule1: in the place of ssh-keygen, a direct certificate signs nothing, however its file is bent' '
	cp "$HS_TMP/direct.sig" "$HS_TMP/d0.sig" && { cat "$HS_TMP/direct.sig" && echo x; } >"$HS_TMP/d1.sig" && perl -0pe "s/SIGNATURE-----\\n/SIGNATURE-----x/" "$HS_TMP/direct.sig" >"$HS_TMP/d2.sig" &&
	perl -MMIME::Base64 -0ne "/-\\n(.*?)\\n-/s; \$_ = decode_base64(\$1); my (\$k, \$ns, \$r, \$rest) = unpack q(x10 N/a N/a N/a a*), \$_; print qq(-----BEGIN SSH SIGNATURE-----\\n), encode_base64(substr(\$_, 0, 10) . pack(q(N/a N/a N/a a*), \$k, \$ns, q(x), \$rest), qq(\\n)), qq(-----END SSH SIGNATURE-----\\n)" "$HS_TMP/direct.sig" >"$HS_TMP/d3.sig" &&
	echo "deploy cert-authority $(cat "$HS_TMP/root.pub")" >"$HS_TMP/signers" && for n in 0 1 2 3; do
		ssh-keygen -q -Y verify -n git -f "$HS_TMP/signers" -I deploy -s "$HS_TMP/d$n.sig" <"$HS_TMP/m" || echo "# ssh-keygen refuses d$n too"
		for how in "verify -n git -I deploy -f $HS_TMP/signers" "find-principals -f $HS_TMP/signers" "check-novalidate -n git"; do
			test_expect_code 255 handseal-verify --config "$HS_SERVER" -Y $how -s "$HS_TMP/d$n.sig" <"$HS_TMP/m" >"$HS_TMP/out" 2>"$HS_TMP/err" && ! grep -i -e good -e deploy "$HS_TMP/out" && grep "^handseal-verify: " "$HS_TMP/err" || { echo "# $n: $how" && cat "$HS_TMP/out" "$HS_TMP/err" && return 1; }
		done
	done
'
test_expect_success 'rule10: what cannot be read as a signature, and mistakes on the command line' '
	echo x >"$HS_TMP/word.sig" && head -c 300000 /dev/zero >"$HS_TMP/zero.sig" && head -n 5 "$HS_TMP/a.sig" >"$HS_TMP/cut.sig" && mkdir "$HS_TMP/folder.sig" &&
	{ cat "$HS_TMP/a.sig" && echo x; } >"$HS_TMP/more.sig" && for f in word zero cut folder more none; do
		test_expect_code 1 sig $f -n git && test ! -s "$HS_TMP/out" && grep "^handseal-verify: $HS_TMP/$f.sig" "$HS_TMP/err" || { echo "# $f" && return 1; }
	done &&
	for line in "sig" "sig -n git" "sig -s a" "sig -n git -s -" "sig -n git -n git -s a" "sig -n git -s a --at noon" "sig -n git -s a b" "sig -n git -s a --json --json" "--shell /a sig -n git -s a" \
		"--ssh-keygen /a sig -n git -s a" "--ssh-keygen a -Y verify" "--ssh-keygen /a keys a b c"; do
		test_expect_code 2 handseal-verify $line </dev/null 2>/dev/null || { echo "# $line" && return 1; }
	done
'
esc=$(printf '\033')
test_expect_success 'no escape of a field reaches the terminal' '
	signed evil git wrong=newline-id && bad "[a-z-]*" evil -n git && ! grep -e "$esc" -e "^Accepted" "$HS_TMP/out" &&
	bad root-unknown a -n git -I "a${esc}[31m" && ! grep "$esc" "$HS_TMP/out" && bad wrong-namespace a -n "a${esc}[31m" && ! grep "$esc" "$HS_TMP/out"
'
hs_done
