#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: docs/SERVERS.md takes a reader from a stock Debian server to a first delegated login, to lists of what is
# revoked and back, each block run as it stands, in the page's order: on the person's machine as somebody who is nobody
# special, on the server as root.
test_description='the page on servers'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/snip.sh"
. "$(dirname "$0")/../lib/server.sh"
command -v rsync >/dev/null || hs_skip "rsync is not installed"
sv_begin "$@"

# here NAME: that block on the person's machine; there NAME: on the server, as root's login would
here() { block "$1" SERVERS.md >"$home/block" && chmod 644 "$home/block" && me sh -e ./block >out 2>err || { cat out err && false; }; }
there() { block "$1" SERVERS.md | sed "${2:-}" >"$SV/root/block" && sv_ssh root sh -e block >out 2>err && rm "$SV/root/block" || { cat out err && false; }; }
reached() { hs_wait_for "sv_ssh root true" 10; } # again, behind a reload of its sshd
sv_ssh() { me ssh "$1@web1.example.com" "$(shift && echo "$*")" </dev/null; }
# What the first block runs in the sources runs here as root, who may read them, with the build that is there.
made() {
	made_=$(! grep -q fsanitize "$HS_BUILD/flags" || echo SAN=1) made_block_=$PWD/block
	block install SERVERS.md | grep "^make " >block && (cd "$HS_SRC" && HOME=$home && make() { command make -s B="$HS_BUILD" $made_ "$@"; } && . "$made_block_") && owned "$home/server"
}

test_expect_success 'a stock server; a person whose ssh knows it, with a key and a daemon' '
	sv_make && sv_start && unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_RUNTIME_DIR HANDSEAL_SK_HELPER HANDSEAL_KNOWN_HOSTS HANDSEAL_SOCK && chmod 755 "$HS_TMP" &&
	mkdir -p /run/user && mkdir -m 700 $run "$home/.ssh" "$home/key" && mkdir -p "$bin" "$home/.config/handseal" && cp "$HS_TMP/admin" "$home/.ssh/admin" && echo "web1.example.com $(cut -d" " -f2- "$HS_TMP/known_hosts")" >"$home/.ssh/known_hosts" &&
	printf "%s\n" "Host web1.example.com" "HostName 127.0.0.1" "HostKeyAlias web1.example.com" "Port $HS_PORT" "BatchMode yes" "Match user root" "IdentityFile ~/.ssh/admin" >"$home/.ssh/config" && chmod 600 "$home/.ssh"/* && owned "$home" $run &&
	me_spawn blue "$HS_BIN/softkey" -s "$home/key/blue.sock" -c "$home/key/blue.ctl" -S "$home/key/blue.state" && ln -s "$home/key/blue.ctl" "$HS_TMP/blue.ctl" && hs_wait_for "grep -q ^ready $HS_TMP/blue.log" 10 &&
	me_spawn handseald "$HS_BIN/handseald" -D && hs_wait_for "grep -q \"^handseald: serving on\" $HS_TMP/handseald.log" 10 && hs_softkey blue touch-next && me handseal enroll --device "softkey:$home/key/blue.sock" --name blue >/dev/null && sv_manifest before
'
test_expect_success 'five minutes: programs, keys, sshd' '
	made && block install SERVERS.md | grep -v "^make " >"$home/block" && chmod 644 "$home/block" && me sh -e ./block >out && grep "^handseal-verify [0-9]" out && here roots && grep "^users=\"deploy\" sk-" out &&
	there server && mv out said && reached && there check && grep "in order" out && mv said out && cat out && grep "^authorizedkeyscommand /usr/local/bin/handseal-verify keys %u %t %k$" out && grep "^authorizedkeyscommanduser handseal-verify$" out
'
test_expect_success 'the first login, and one that is refused' '
	hs_softkey blue touch-next && here first && tail -n 1 out | grep -x deploy && ! here refused && grep command-outside-scope err && here status && grep "set up by hand" out && grep "^trusts  *blue.* for deploy; yours" out
'
test_expect_success 'lists come, and are asked' '
	here lists-key && there lists-server && policy=$home/.config/handseal/policy && { block lists-policy SERVERS.md && cat "$policy"; } >policy && cp policy "$policy" && me handseal policy check && me handseal close >/dev/null && hs_stop handseald &&
	me_spawn handseald "$HS_BIN/handseald" -D && hs_wait_for "grep -q \"^handseald: serving on\" $HS_TMP/handseald.log" 10 && hs_softkey blue touch-next && here first && hs_wait_for "ls $SV/var/lib/handseal-lists/lists | grep -q list" 20 &&
	there lists-conf && grep list out && here status && grep "\.list  " out && me handseal run --user deploy --host web1.example.com --cmd "id -un" -- ssh deploy@web1.example.com id -un
'
test_expect_success 'what is revoked is refused there' '
	me handseal request --user deploy --host web1.example.com --cmd "id -un" -o job >/dev/null && test "$(me ssh -i job deploy@web1.example.com id -un)" = deploy && cp "$home/job-cert.pub" "$SV/root/" &&
	there explain && grep "^YES" out && id=$(me handseal request --json --user deploy --host web1.example.com --cmd "id -un" --key job.pub | sed -n "s/.*\"id\": *\"\([^\"]*\)\".*/\1/p" | head -n 1) && me handseal revoke "$id" >out && cat out && cp "$home/job-cert.pub" "$SV/root/" &&
	hs_wait_for "! me ssh -i job deploy@web1.example.com id -un >/dev/null 2>&1" 20 && ! there explain && grep "^NO, revoked" out
'
test_expect_success 'a list for a stock sshd; a key that is lost' '
	here krl && there krl-server && reached && fp=$(me handseal roots | grep -o "SHA256:[A-Za-z0-9+/]*") && there lost "s|SHA256:FINGERPRINT|$fp|" && ! me handseal run --user deploy --host web1.example.com --cmd "id -un" -- ssh deploy@web1.example.com id -un 2>err && cat err && grep "Permission denied" err
'
test_expect_success 'removed by hand: as before, but for what the page added besides' '
	there remove && reached && sv userdel -r handseal-lists 2>/dev/null && rm "$SV/etc/ssh/sshd_config.d/01-handseal-krl.conf" "$SV/etc/ssh/handseal.krl" "$SV/root/job-cert.pub" && rmdir "$SV/usr/local/libexec" && sv_manifest now && diff before now
'
hs_done
