#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: two thousand random tricks with quotes, through handseal-shell as sshd would start it, run nothing beyond
# the scope. refusals.t has a table of them through sshd, test_verify_shell_tricks.c has more for the matcher.
test_description='random tricks with quotes'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_ns "$0" "$@"
hs_init "$@"

test_expect_success 'an argument as handseal-verify makes it' '
	hv_setup && hv_cert good && hv_says good deploy >line && arg=$(sed -n "s/.*command=\"[^ ]* \([^\"]*\)\".*/\1/p" line) && test -n "$arg" && mkdir "$HS_TMP/canary" && chmod 1777 "$HS_TMP/canary" && chmod 755 "$HS_TMP"
'
test_expect_success 'rule2: random tricks with quotes run nothing else' '
	cp "$HS_SRC/tests/lib/tricks-random" "$HS_TMP/" && SSH_CONNECTION="127.0.0.1 1 127.0.0.1 22" hs_as deploy "$HS_TMP/tricks-random" "$HS_TMP/canary" 2000 "$HS_LIBEXECDIR/handseal-shell" "$arg" && test -z "$(ls "$HS_TMP/canary")"
'
hs_done
