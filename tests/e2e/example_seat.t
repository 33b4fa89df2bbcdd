#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what docs/SERVICES.md says, tried as it stands: an agent on its seat logs in to a service that is not
# sshd with stock ssh, and answers the challenge of a service that knows no SSH; a challenge is good once, there, and then.
test_description='the page on services'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/snip.sh"
. "$(dirname "$0")/../lib/example.sh"
hs_ns "$0" "$@"
hs_init "$@"

on_seat() { me handseal run --scope svc --agent claude -q -- "$@"; }
snip() { block "$1" SERVICES.md; }
# opened_door: somebody asks for that; its challenge in $challenge, and it waits for the answer
opened_door() {
	rm -f "$HS_TMP/to" && mkfifo "$HS_TMP/to" && chmod 666 "$HS_TMP/to" && hs_spawn door env LD_LIBRARY_PATH="$lib" sh -c 'exec ./door "$0" login@svc.example.com <"$1"' "$trusts/roots" "$HS_TMP/to" &&
		exec 7>"$HS_TMP/to" && echo "$1" >&7 && hs_wait_for "grep -qx '[0-9a-f]*' $HS_TMP/door.log" 10 && challenge=$(head -n 1 "$HS_TMP/door.log")
}
# answered STATUS FILE: that is the answer, and so it ends
answered() {
	cat "$2" >&7 && exec 7>&- && hs_wait door 10 && cat "$HS_TMP/door.log" && test "$HS_STATUS" = "$1"
}
# signed NS TEXT: by the seat
signed() { printf %s "$2" >"$home/challenge" && on_seat handseal sign -n "$1" <"$home/challenge" >"$HS_TMP/answer"; }

test_expect_success 'a person whose policy is the page'\''s, a daemon, the two services as the page builds them' '
	person && snip policy | sed "/^Agent/i Statement\\n    Ns git" >"$home/.config/handseal/policy" && my_daemon && opened && example_install &&
	cp "$HS_SRC/client/example/server.c" "$HS_SRC/client/example/door.c" . && PKG_CONFIG_PATH=$lib/pkgconfig:$(pkg-config --variable pc_path pkg-config) && PKG_CONFIG_SYSROOT_DIR=$HS_TMP/inst && export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR &&
	snip build | sed "s/^cc /&-D_GNU_SOURCE $(sanitized) /" >build.sh && sh -e build.sh && unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR && example_server && snip roots | sed "s|sk-ssh-ed25519@openssh.com .*|$key blue|" >"$trusts/roots" && cat "$trusts/roots"
'
test_expect_success 'ssh on a seat: a command and a capability; others are refused' '
	echo "[127.0.0.1]:$port $(cat "$HS_TMP/ssh_host_ed25519_key.pub")" >>"$home/.ssh/known_hosts" && snip ssh | sed "s/2222/$port/" >"$home/ssh.sh" && chmod 644 "$home/ssh.sh" && on_seat sh -e ./ssh.sh >out 2>err || { cat out err "$HS_TMP/server.log" && false; } &&
	grep "^uid=" out && grep "^read:repo/acme/web: granted" out && test_expect_code 126 on_seat ssh -p $port deploy@web1.example.com id -u 2>err && grep "command-outside-scope" err &&
	test_expect_code 126 on_seat ssh -p $port deploy@web1.example.com cap write:repo/acme/web 2>err && grep "root-not-for-cap" err && grep "\"event\":\"sign\".*\"user\":\"deploy\",\"host\":\"web1.example.com\"" "$log"
'
test_expect_success 'a challenge, answered on the seat as the page says' '
	opened_door read:repo/acme/web && snip sign | sed "s/CHALLENGE/$challenge/" >"$home/sign.sh" && chmod 644 "$home/sign.sh" && on_seat sh -e ./sign.sh >answer && answered 0 answer && grep "^granted" $HS_TMP/door.log && grep "for agent claude under blue, SHA256:" $HS_TMP/door.log
'
test_expect_success 'replayed, it is no answer to another challenge' '
	opened_door read:repo/acme/web && answered 1 answer && grep "^refused, no-proof" $HS_TMP/door.log
'
test_expect_success 'rule1: an answer for another service is none here, and a seat gives none outside of its scope' '
	opened_door read:repo/acme/web && signed git $challenge && answered 1 "$HS_TMP/answer" && grep "^refused, no-proof" $HS_TMP/door.log &&
	! signed login@other.example.com $challenge && ! signed krl@handseal.alt $challenge
'
test_expect_success 'what the capability does not say is refused' '
	opened_door read:repo/other/web && signed login@svc.example.com $challenge && answered 1 "$HS_TMP/answer" && grep "^refused, outside-scope" $HS_TMP/door.log &&
	opened_door write:repo/acme/web && signed login@svc.example.com $challenge && answered 1 "$HS_TMP/answer" && grep "^refused, root-not-for-cap" $HS_TMP/door.log
'
test_expect_success 'nonsense, and a signature by a key of no certificate' '
	opened_door read:repo/acme/web && echo nonsense >nonsense && answered 1 nonsense && grep "^refused, no-proof" $HS_TMP/door.log &&
	ssh-keygen -q -t ed25519 -N "" -C "" -f plain && opened_door read:repo/acme/web && printf %s $challenge >text && ssh-keygen -q -Y sign -n login@svc.example.com -f plain text && answered 1 text.sig && grep "^refused, not-ours" $HS_TMP/door.log
'
hs_done
