#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the certificates are standard ones: a client that is not OpenSSH logs in with
# them, and is refused where ssh would be.
test_description='logins with libssh'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_ns "$0" "$@"
hs_init "$@"

libssh() { # CERT USER COMMAND
	libssh_client "$HS_PORT" "$2" "$HS_TMP/id" "$HS_TMP/$1-cert.pub" "$HS_TMP/known_hosts" "$3"
}

test_expect_success 'a server, roots, an agent' 'hv_setup && hv_cert good'
test_expect_success 'an allowed command runs' '
	test "$(libssh good deploy "id -un")" = deploy &&
	test "$(libssh good deploy "echo '\''a  b'\''")" = "a  b"
'
test_expect_success 'a command outside the scope does not' '
	test_expect_code 126 libssh good deploy "cat /etc/passwd" >"$HS_TMP/out" 2>"$HS_TMP/err" &&
	grep "refused, command-outside-scope" "$HS_TMP/err" && ! grep root "$HS_TMP/out"
'
test_expect_success 'another user is not admitted' '
	hv_roots "users=\"*\" $(cat "$HS_TMP/root.pub")" &&
	hv_refused user-outside-scope libssh good other "id -un" &&
	test_expect_code 250 libssh good other "id -un" && hv_roots
'
test_expect_success 'an expired certificate is not admitted' '
	hv_cert old grant-after=-7200 after=-3600 before=-60 &&
	test_expect_code 250 libssh old deploy "id -un"
'
test_expect_success 'a certificate no trusted root stands behind is not admitted' '
	hv_cert foreign root="$HS_TMP/stranger" &&
	test_expect_code 250 libssh foreign deploy "id -un"
'
hs_done
