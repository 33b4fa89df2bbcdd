#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a service that is not sshd lets delegations in by libhandseal: the example server on libssh takes
# stock ssh's logins, runs what the scope allows and no more, serves capabilities, and refuses what is expired, revoked,
# of an unknown root, another's, or a plain key. What a seat and a challenge are there is example_seat.t's.
test_description='the example server'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
. "$(dirname "$0")/../lib/example.sh"
. "$(dirname "$0")/../lib/late.sh"
hs_ns "$0" "$@"
hs_init "$@"

cap_root() { printf '%s\n' "users=\"deploy\",caps=\"read:repo/**\" $(cat "$HS_TMP/root.pub") Anna's blue" >"$trusts/roots"; }
caps() { hv_scope 'user deploy' 'host web1.example.com' 'addr *' 'cmd id -un' 'cmd printf ...' 'cmd sleep ...' 'cap read:repo/acme/**' "$@"; }
# in_ CERT CMD...: ssh to the example server
in_() {
	in_=$1
	shift
	example_ssh -i "$HS_TMP/id" -o CertificateFile="$HS_TMP/$in_-cert.pub" deploy@127.0.0.1 "$@" >out 2>err
}
# not_in CODE CERT: that is no login, for that reason
not_in() {
	: >"$HS_TMP/server.log"
	! in_ "$2" id -un && hs_wait_for "grep -q 'refused deploy from 127.0.0.1: $1: ' $HS_TMP/server.log" 5 || { cat out err "$HS_TMP/server.log" && false; }
}
# not_run CODE CERT CMD...: the login is good, and that is not run
not_run() {
	not_=$1
	shift
	test_expect_code 126 in_ "$@" && grep "^server: refused, $not_" err && test ! -s out
}

test_expect_success 'certificates, the examples as installed, and the server' '
	hv_setup && caps >"$HS_TMP/scope" && hv_cert good && example_build && example_server && cap_root
'
test_expect_success 'stock ssh logs in; what the scope allows runs, as its words, with its status and both outputs' '
	in_ good "id -un" && test "$(cat out)" = "$(id -un)" && test ! -s err && in_ good "printf %s '\''a  b;c'\''" && test "$(cat out)" = "a  b;c" &&
	test_expect_code 1 in_ good "printf %d x" && grep "printf" err && grep "admitted deploy from 127.0.0.1: root Anna.s blue SHA256:" "$HS_TMP/server.log"
'
test_expect_success 'rule3: what it does not allow does not run' '
	not_run command-outside-scope good "id -u" && not_run command-outside-scope good "cat /etc/passwd" && grep "handseal request" err &&
	test_expect_code 126 in_ good "id -un; id" && grep "refused: it is run without a shell" err && ! in_ good && ! in_ good -tt "id -un" && grep "PTY allocation request failed" err && ! example_ssh -N -o ExitOnForwardFailure=yes -R 0:127.0.0.1:1 -i "$HS_TMP/id" -o CertificateFile="$HS_TMP/good-cert.pub" deploy@127.0.0.1
'
test_expect_success 'what is allowed and no program is not handed to a shell, nor looked for along the server'\''s own PATH' '
	echo "echo ran" >"$HS_TMP/text" && chmod 755 "$HS_TMP/text" && command -v forgecert && caps "cmd $HS_TMP/text" "cmd forgecert" "cmd /bin/echo ..." >"$HS_TMP/odd" && hv_cert odd scope="$HS_TMP/odd" &&
	for c in "$HS_TMP/text" forgecert; do test_expect_code 127 in_ odd "$c" && grep "^$c: cannot be run" err && test ! -s out || return 1; done && in_ odd /bin/echo x && test "$(cat out)" = x
'
test_expect_success 'a capability in scope is served, others are not' '
	in_ good cap read:repo/acme/web && grep "^read:repo/acme/web: granted" out && not_run outside-scope good cap read:repo/other/web && not_run root-not-for-cap good cap write:repo/acme/web &&
	sed -i "s/,caps=[^ ]*//" "$trusts/roots" && not_run root-not-for-cap good cap read:repo/acme/web && cap_root
'
test_expect_success 'another user, a plain key, a grant, a root that nobody trusts: no login' '
	hs_as deploy true && test_expect_code 255 example_ssh -i "$HS_TMP/id" -o CertificateFile="$HS_TMP/good-cert.pub" other@127.0.0.1 id -un && grep "refused other from 127.0.0.1: root-not-for-user" "$HS_TMP/server.log" &&
	: >"$HS_TMP/server.log" && ! example_ssh -i "$HS_TMP/id" deploy@127.0.0.1 id -un && grep "refused deploy from 127.0.0.1: not-ours" "$HS_TMP/server.log" &&
	hv_cert foreign root="$HS_TMP/stranger" && not_in root-unknown foreign
'
test_expect_success 'expired, not touched, another host, wider than its grant: no login' '
	hv_cert old grant-after=-7200 after=-3600 before=-60 && not_in expired old && hv_cert untouched flags=0 && not_in no-touch untouched &&
	hv_scope "user deploy" "host other.example.com" "addr *" "cmd *" >"$HS_TMP/elsewhere" && hv_cert elsewhere scope="$HS_TMP/elsewhere" && not_in host-outside-scope elsewhere &&
	hv_cert wider ceiling="$HS_TMP/elsewhere" && not_in wider-than-grant wider
'
test_expect_success 'another key'\''s certificate is of no use' '
	ssh-keygen -q -t ed25519 -N "" -C "" -f "$HS_TMP/thief" && : >"$HS_TMP/server.log" &&
	! timeout 60 libssh_client "$port" deploy "$HS_TMP/thief" "$HS_TMP/good-cert.pub" "$HS_TMP/known_hosts" "id -un" && ! grep admitted "$HS_TMP/server.log" &&
	timeout 60 libssh_client "$port" deploy "$HS_TMP/id" "$HS_TMP/good-cert.pub" "$HS_TMP/known_hosts" "id -un"
'
test_expect_success 'rule5: revoked, and never back a version' '
	ssh-keygen -L -f "$HS_TMP/good-cert.pub" >shown && id=$(sed -n "s/.*handseal:\([0-9a-f]*\):.*/\1/p" shown | head -n 1) && test -n "$id" &&
	forgelist "$trusts/lists/$id.list" root="$HS_TMP/root" session="$HS_TMP/session" version=1 && in_ good "id -un" && cp "$trusts/lists/$id.list" old.list &&
	forgelist "$trusts/lists/$id.list" root="$HS_TMP/root" session="$HS_TMP/session" version=2 whole=1 && not_in revoked good &&
	cp old.list "$trusts/lists/$id.list" && not_in revocation-unknown good && rm "$trusts/lists/$id.list" && not_in revocation-unknown good &&
	forgelist "$trusts/lists/$id.list" root="$HS_TMP/root" session="$HS_TMP/session" version=3 && in_ good "id -un" &&
	echo "$id the lost laptop" >"$trusts/revoked" && not_in revoked good && echo nonsense >"$trusts/revoked" && not_in config-invalid good && rm "$trusts/revoked" && mkdir "$trusts/revoked" && not_in config-invalid good && rmdir "$trusts/revoked" && in_ good "id -un"
'
test_expect_success 'a certificate older than 15 minutes needs a fresh list' '
	rm "$trusts/lists/$id.list" && hs_stop server && example_server && hv_cert aged grant-after=-7200 after=-3600 before=3600 && not_in revocation-unknown aged &&
	forgelist "$trusts/lists/$id.list" root="$HS_TMP/root" session="$HS_TMP/session" version=1 && in_ aged "id -un"
'
test_expect_success 'what runs ends with the certificate' '
	in_time 6 "hv_cert short before=\$life && { in_ short \"sleep 300\" & ssh=\$!; } && hs_wait_for \"pgrep -x sleep || ! hs_running_ \$ssh\" 10 && pgrep -x sleep" && ! wait $ssh &&
	hs_wait_for "! pgrep -x sleep >/dev/null" 5
'
hs_done
