#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a newer sshd says in %C from where a client comes, and handseal-verify then refuses an address outside
# the scope by itself. To an older one, which has no %C, its configuration says the same: here all come from one address.
# HS_SSHD=PATH names an sshd that is not the system's.
test_description='sshd and %C'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_ns "$0" "$@"
hs_init "$@"
version=$("$HS_SSHD" -V 2>&1 | sed -n 's/^OpenSSH_\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
set -- $version
connection=%C # since 9.4
[ "${1:-0}" -gt 9 ] || { [ "${1:-0}" = 9 ] && [ "${2:-0}" -ge 4 ]; } || connection='"127.0.0.1 22 127.0.0.1 40000"'
echo "# sshd $1.$2: $connection"

at=deploy@127.0.0.1
test_expect_success 'a server that hands it on' '
	hv_setup "AuthorizedKeysCommand $HS_BIN/handseal-verify --config $HS_SERVER keys %u %t %k --connection $connection" && hv_cert good && test "$(hv_ssh good $at id -un)" = deploy
'
test_expect_success 'an address outside the scope: refused by us, with the reason' '
	hv_scope "user deploy" "host *" "addr 192.0.2.0/24" "cmd id -un" >"$HS_TMP/from" && hv_cert from scope="$HS_TMP/from" && hv_refused "refused deploy: address-outside-scope" hv_ssh from $at id -un
'
test_expect_success 'the statement for that address alone is handed on' '
	hv_scope "user deploy" "host *" "addr 127.0.0.0/8" "cmd id -un" -- "user deploy" "host *" "addr 192.0.2.0/24" "cmd id" >"$HS_TMP/split" && hv_cert split scope="$HS_TMP/split" &&
	test "$(hv_ssh split $at id -un)" = deploy && test_expect_code 126 hv_ssh split $at id 2>"$HS_TMP/err" && ! grep -x "  id" "$HS_TMP/err"
'
hs_done
