#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: with handseal-verify as gpg.ssh.program, stock git signs by a seat as before, and finds good what a
# touch of a listed root stands behind, and nothing else; signatures by other keys are ssh-keygen's to judge.
test_description='git and signed commits'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/ask.sh"
. "$(dirname "$0")/../lib/verify.sh"
command -v git >/dev/null || hs_skip "git is not installed"
hs_ns "$0" "$@"
hs_init "$@"
. "$HS_SRC/tests/lib/seats.sh"

unset GIT_DIR GIT_WORK_TREE
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$HS_TMP/gitconfig
g() { git -C "$HS_TMP/work" "$@"; }
# good WHO [COMMIT]: git finds it good, and WHO's; bad WHY [COMMIT]: it does not, and says so
good() {
	g verify-commit "${2:-HEAD}" >out 2>err && grep -F "Good \"git\" signature for $1 with ED25519-CERT key SHA256:" err && test "$(g log -1 --format=%G? "${2:-HEAD}")" = G &&
		test "$(g log -1 --format=%GS "${2:-HEAD}")" = "$1" || { cat out err && false; }
}
bad() {
	! g verify-commit "${2:-HEAD}" >out 2>err && ! grep "^Good \"git\" signature for" err && grep -e "$1" err && case $(g log -1 --format=%G? "${2:-HEAD}") in B | U) ;; *) false ;; esac || { cat out err && false; }
}
listed() { printf '%s\n' "$@" >"$HS_TMP/signers"; }
seated_() { scope sc "user deploy" "cmd uptime" "$@" && seat a sc claude && seated a; }
commit() { # MESSAGE, signed by the seat
	on git -C "$HS_TMP/work" -c user.signingKey="$(on ssh-add -L | head -n 1)" commit -q -S --allow-empty -m "$1"
}
# tampered: the last commit with another message under the same signature, in $other
tampered() { other=$(g cat-file commit HEAD | sed 's/^by the seat$/by nobody/' | g hash-object -t commit -w --stdin) && test "$other" != "$(g rev-parse HEAD)"; }

seats_begin
test_expect_success 'a repository, a seat, a commit that it signs through handseal-verify' '
	git config --global user.name Anna && git config --global user.email anna@example.com && git config --global gpg.format ssh && git config --global gpg.ssh.allowedSignersFile "$HS_TMP/signers" &&
	printf "#!/bin/sh\nexec $HS_BIN/handseal-verify --config $HS_SERVER \"\$@\"\n" >"$HS_TMP/verifier" && chmod 755 "$HS_TMP/verifier" && git config --global gpg.ssh.program "$HS_TMP/verifier" &&
	echo >$HS_SERVER/verify.conf && opened --ns file && git init -q "$HS_TMP/work" && listed "anna@example.com cert-authority,namespaces=\"git\" $key" && seated_ "ns git" && commit "by the seat" && good anna@example.com
'
test_expect_success 'who and whose touch is told beside it, and git log shows it' '
	fp=$(echo "$key" >root.pub && ssh-keygen -lf root.pub | cut -d" " -f2) && grep "^handseal-verify: signed by the agent claude, handseal:[0-9a-f]*:[0-9]*:claude, under a touch of $fp$" err &&
	g log --show-signature -1 >shown && grep "^Good \"git\" signature for anna@example.com with ED25519-CERT key" shown && test "$(g log -1 --format=%GF)" = "$(on ssh-add -L | head -n 1 >k && ssh-keygen -lf k | cut -d" " -f2)"
'
test_expect_success 'a tampered commit' 'tampered && bad "message-signature" $other && grep "Could not verify signature" err'
test_expect_success 'rule2: no line for the root, one without cert-authority, one for another namespace, another time' '
	listed "# none" && bad "No principal matched" && grep "root-unknown: .* has no line with cert-authority for the root $fp" err && listed "anna@example.com $key" && bad "root-unknown: .*:1 has the root $fp as a key alone" &&
	listed "anna@example.com cert-authority,namespaces=\"file\" $key" && bad "wrong-namespace" && listed "anna@example.com cert-authority,namespaces=\"*,!git\" $key" && bad "wrong-namespace" &&
	listed "anna@example.com cert-authority,valid-before=\"20200101\" $key" && bad "expired: .*signers:1: the root is not for that time" && listed "anna@example.com cert-authority,valid-after=\"20990101Z\" $key" && bad "not-yet-valid" &&
	listed "anna@example.com cert-authority,validafter=\"20000101\" $key" && bad "signers:1:33: line skipped: there is no such option" && rm "$HS_TMP/signers" && bad "No such file"
'
test_expect_success 'the first line that fits counts; names and patterns as ssh-keygen has them' '
	listed "# us" "carl@example.com $key" "anna@example.com,\"x" "anna@example.com CERT-AUTHORITY,valid-after=\"20200101\",namespaces=\"g?t,file\" $key blue" "bob@example.com cert-authority $key" && good anna@example.com &&
	listed "!eve@example.com,*@example.com cert-authority $key" && good "*@example.com" && listed "\"Anna A,Anna B\" cert-authority $key" && good "Anna A"
'
v() { # ACTION ARG...: as git would ask for the signature of HEAD
	v_=$1
	shift
	g cat-file commit HEAD | sed -n "/^gpgsig/,/END SSH/{s/^gpgsig //;s/^ //;p}" >"$HS_TMP/head.sig" && g cat-file commit HEAD | sed "/^gpgsig/,/END SSH/d" >"$HS_TMP/payload" &&
		"$HS_TMP/verifier" -Y $v_ -s "$HS_TMP/head.sig" "$@" <"$HS_TMP/payload" >out 2>err
}
serial() { v check-novalidate -n git && sed -n 's/.*:\([0-9]*\):claude,.*/\1/p' err; } # of the certificate that signed HEAD
test_expect_success 'the answers are those of ssh-keygen, to the byte' '
	listed "anna@example.com cert-authority $key" && agent=$(g log -1 --format=%GF) && v find-principals -f "$HS_TMP/signers" && test "$(cat out)" = anna@example.com && v find-principals -f "$HS_TMP/signers" -Overify-time=$(date +%Y%m%d%H%M%S) &&
	v verify -n git -f "$HS_TMP/signers" -I anna@example.com && test "$(cat out)" = "Good \"git\" signature for anna@example.com with ED25519-CERT key $agent" &&
	v verify -q -n git -f "$HS_TMP/signers" -I anna@example.com && test ! -s out && v check-novalidate -n git && test "$(cat out)" = "Good \"git\" signature with ED25519-CERT key $agent" &&
	v verify -n git -f "$HS_TMP/signers" -I anna@example.com -Oprint-pubkey && test "$(sed -n 2p out)" = "$("$HS_SRC/tests/lib/signed-by" "$HS_TMP/head.sig" | head -n 1)" &&
	test_expect_code 255 v verify -n git -f "$HS_TMP/signers" -I bob@example.com && test "$(cat out)" = "Could not verify signature." && test_expect_code 255 v verify -n file -f "$HS_TMP/signers" -I anna@example.com &&
	test_expect_code 255 v check-novalidate -n file && for o in -Oother=1 -Overify-time=never -z extra; do test_expect_code 255 v verify -n git -f "$HS_TMP/signers" -I anna@example.com $o || { echo "# $o" && return 1; }; done &&
	test_expect_code 255 v verify -n git -f "$HS_TMP/signers" && test_expect_code 255 v verify -n git -I anna@example.com && test_expect_code 255 v find-principals && test_expect_code 255 v verify -f "$HS_TMP/signers" -I anna@example.com
'
test_expect_success 'ordinary keys still sign and are judged, by ssh-keygen' '
	ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/mine" && ssh-keygen -q -t rsa -b 2048 -N "" -f "$HS_TMP/rsa" && listed "bob@example.com $(cat "$HS_TMP/mine.pub")" "rsa@example.com $(cat "$HS_TMP/rsa.pub")" "anna@example.com cert-authority $key" &&
	for k in mine:bob:ED25519 rsa:rsa:RSA; do
		g -c user.signingKey="$HS_TMP/${k%%:*}" commit -q -S --allow-empty -m "by $k" && g verify-commit HEAD 2>err && n=${k#*:} && grep "^Good \"git\" signature for ${n%:*}@example.com with ${n#*:} key" err || return 1
	done && listed "# none" && ! g verify-commit HEAD 2>err && grep "No principal matched" err && g reset -q --hard HEAD~2 && listed "anna@example.com cert-authority $key" &&
	test_expect_code 255 "$HS_BIN/handseal-verify" --ssh-keygen /nonexistent -Y verify 2>err && grep "/nonexistent cannot be run" err && "$HS_TMP/verifier" -Y match-principals -I anna@example.com -f "$HS_TMP/signers" | grep anna
'
test_expect_success 'a list of keys or a revocation list that git names takes it back' '
	good anna@example.com && git config --global gpg.ssh.revocationFile "$HS_TMP/gone" && : >"$HS_TMP/gone" && good anna@example.com && echo "$key" >"$HS_TMP/gone" && bad "revoked: $HS_TMP/gone names it" &&
	echo nonsense >"$HS_TMP/gone" && bad "$HS_TMP/gone: it does not have the form" && "$HS_SRC/tests/lib/signed-by" "$HS_TMP/head.sig" | tail -n 1 >session.pub && cp session.pub "$HS_TMP/gone" && bad "revoked:" &&
	"$HS_SRC/tests/lib/signed-by" "$HS_TMP/head.sig" | head -n 1 >"$HS_TMP/gone" && grep "^ssh-ed25519-cert-v01@openssh.com " "$HS_TMP/gone" && bad "revoked: $HS_TMP/gone names it" && sed "s/....\$//" "$HS_TMP/gone" >cut && cp cut "$HS_TMP/gone" && bad "$HS_TMP/gone: " &&
	echo "ssh-rsa AAAA" >"$HS_TMP/gone" && good anna@example.com && ssh-keygen -q -k -f "$HS_TMP/gone" session.pub && bad "revoked:" && serial=$(serial) &&
	echo "serial: $((serial + 1))-9999" >spec && ssh-keygen -q -k -f "$HS_TMP/gone" -s session.pub spec && good anna@example.com && echo "serial: $serial" >spec && ssh-keygen -q -k -f "$HS_TMP/gone" -s session.pub spec && bad "revoked:" && git config --global --unset gpg.ssh.revocationFile && good anna@example.com
'
test_expect_success 'what this machine refuses is refused: RequireUV, revoked, a mistake in verify.conf' '
	echo "RequireUV yes" >$HS_SERVER/verify.conf && bad no-verification && echo "RequireUV perhaps" >$HS_SERVER/verify.conf && bad "config-invalid: $HS_SERVER/verify.conf:1:11" && echo "MaxGrant 1m" >$HS_SERVER/verify.conf && bad too-long-lived &&
	rm $HS_SERVER/verify.conf && good anna@example.com && echo "$fp lost" >$HS_SERVER/revoked && bad revoked && rm $HS_SERVER/revoked && good anna@example.com
'
test_expect_success 'a seat without ns git signs no commit, and a commit of another time is not covered' '
	ended a && seated_ "ns file" && n=$(g rev-list --count HEAD) && ! commit "out of scope" && test $n = $(g rev-list --count HEAD) && ended a && seated_ "ns git" &&
	GIT_COMMITTER_DATE="$(($(date +%s) - 7200)) +0000" commit "before" && bad "not-yet-valid" && GIT_COMMITTER_DATE="$(($(date +%s) + 7200)) +0000" commit "after" && bad "expired" && TZ=Asia/Tokyo commit "by the seat" && TZ=America/New_York good anna@example.com
'
test_expect_success 'revoked: by the daemon'\''s own list, where verify.conf names the folder, or merged, where git does' '
	echo "Revocations $XDG_STATE_HOME/handseal/lists" >$HS_SERVER/verify.conf && good anna@example.com && handseal revoke $id && hs_wait_for "ls $XDG_STATE_HOME/handseal/lists/*.list" 10 && bad revoked &&
	rm $HS_SERVER/verify.conf && good anna@example.com && handseal krl -o "$HS_TMP/merged" "$XDG_STATE_HOME"/handseal/lists/*.list && git config --global gpg.ssh.revocationFile "$HS_TMP/merged" && bad "revoked: $HS_TMP/merged names it" && ended a
'
hs_done
