#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: whatever goes wrong in `handseal server add`, at each step, the server is byte for byte as before, its
# sshd runs, and who could log in still can. The faults are real programs in the server's file system that fail: sshd,
# useradd, a full disk, a connection that is cut, a machine that stops.
test_description='a server is left as it was, whatever fails'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/server.sh"
sv_begin "$@"

# In place of a program: the real one, unless /run/fault/NAME.WHAT is there; the words that are looked at come first.
broken() { # broken PROGRAM SCRIPT
	mkdir -p "$SV/usr/sbin/real" && mv "$SV/usr/sbin/$1" "$SV/usr/sbin/real/" && printf '#!/bin/bash\n%s\nexec -a /usr/sbin/%s /usr/sbin/real/%s "$@"\n' "$2" "$1" "$1" >"$SV/usr/sbin/$1" && chmod 755 "$SV/usr/sbin/$1"
}
fault() { rm -rf "$SV/run/fault" && mkdir "$SV/run/fault" && for f in "$@"; do echo 1 >"$SV/run/fault/$f" || return 1; done; }
add="handseal server add --yes --user deploy"
# undone TEXT [OPTION...]: add fails with that text, and nothing is left of it
undone() {
	undone_=$1
	shift
	does 1 "$undone_" $add "$@" $at && as_before
}
as_before() { hs_wait_for '! test -e "$SV/var/lib/handseal"' 30 && sv_manifest now && diff before now && fault && hs_wait_for 'sv_ssh root true' 10 && ! find "$SV/etc" "$SV/usr" -name '*.handseal-*' | grep .; }

test_expect_success 'a server with programs that can fail, a person' '
	sv_make && broken sshd "
		case \" \$* \" in
		*\" -T \"*) ;;
		*\" -t \"*-f*) test ! -e /run/fault/sshd.first || { echo it is the first; exit 255; } ;;
		*\" -t \"*)
			test ! -e /run/fault/sshd.stops || kill -9 \$(grep -l -a handseal-server /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3)
			test ! -e /run/fault/sshd.second || { echo it is the second; exit 255; } ;;
		*\" -R \"*) ;;
		*) if test -e /run/fault/sshd.reload; then rm /run/fault/sshd.reload; exit 1; fi ;;
		esac" && broken useradd "
		test ! -e /run/fault/useradd.fails || exit 1
		test ! -e /run/fault/useradd.cut || for p in /proc/[0-9]*; do grep -q -a \"sshd: root@notty\" \$p/cmdline 2>/dev/null && kill -9 \${p#/proc/}; done
		test ! -e /run/fault/useradd.killed || { kill -9 \$PPID; exit 1; }
		test ! -e /run/fault/useradd.stops || { pkill_=\$(grep -l -a handseal-server /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3); kill -9 \$pkill_; exit 1; }" &&
	sv_start && sv_person && sv_manifest before
'
test_expect_success 'sshd -t refuses the new configuration before it is in place' 'fault sshd.first && undone "refuses the new configuration: it is the first"'
test_expect_success 'sshd -t refuses it in place' 'fault sshd.second && undone "sshd -t: it is the second"'
test_expect_success 'sshd ends at its reload: it runs again, with its old configuration' 'fault sshd.reload && undone "did not take its new configuration" && kill -0 "$(sv_listener)"'
test_expect_success 'no user can be made' 'fault useradd.fails && undone "useradd could not make the user"'
test_expect_success 'the connection is cut in the middle' '
	fault useradd.cut && test_expect_code 1 $add $at >out 2>err </dev/null && grep "the connection ended" err && as_before
'
test_expect_success 'the shell there is killed in the middle: after a while it is undone all the same' 'fault useradd.killed && undone "the connection ended" --within 5s'
test_expect_success 'this end is killed once all stands there, and before it has said that it works' '
	hs_spawn adding $add $at && hs_wait_for "test -e $SV/etc/ssh/sshd_config.d/00-handseal.conf || ! hs_alive adding" 30 && hs_stop adding KILL && as_before
'
test_expect_success 'remove that fails leaves what add made' '
	does 0 "" $add $at && sv_manifest before && fault sshd.second && does 1 "it is the second" handseal server remove --yes $at && sv_manifest now && diff before now &&
	fault sshd.reload && does 1 "did not take its configuration" handseal server remove --yes $at && sv_manifest now && diff before now && fault && test "$(deploy id -un)" = deploy &&
	does 0 "" handseal server remove --yes $at && sv_manifest before
'
test_expect_success 'the machine stops in the middle: the next one undoes it first, and says so' '
	fault useradd.stops && does 1 "the connection ended" $add $at && fault && test -e "$SV/var/lib/handseal/undo" && ! (sv_manifest now && diff before now >/dev/null) &&
	does 1 "^UNDECIDED" handseal server status $at && does 0 "undoing what handseal server add began" $add $at && does 0 "" handseal server remove --yes $at && as_before
'
test_expect_success 'it stops once sshd'\''s configuration is another: what is decided then is of what stands there after the undoing' '
	fault sshd.stops && does 1 "the connection ended" $add $at && fault && test -e "$SV/etc/ssh/sshd_config.d/00-handseal.conf" && does 1 "undoing what handseal server add began" $add $at && grep "than the one that was shown: none. Run this again" err && as_before &&
	does 0 "" $add $at && fault sshd.stops && does 1 "the connection ended" handseal server remove --yes $at && fault && ! test -e "$SV/etc/ssh/sshd_config.d/00-handseal.conf" &&
	does 0 "undoing what handseal server remove began" handseal server remove --yes $at && grep "asks no command again" out && as_before
'
test_expect_success 'no room for the programs' '
	cp -a "$SV/usr/local" local && mount -t tmpfs -o size=1800k,mode=755 tmpfs "$SV/usr/local" && cp -a local/. "$SV/usr/local" && sv_manifest before && undone "cannot write /usr/local" && umount "$SV/usr/local" && sv_manifest before
'
test_expect_success 'no room for the configuration' '
	mount -t tmpfs -o size=4k,mode=755 tmpfs "$SV/etc/ssh/sshd_config.d" && printf "# full\n" >"$SV/etc/ssh/sshd_config.d/90-full.conf" && sv_manifest before && undone "cannot write /etc/ssh/sshd_config.d" && umount "$SV/etc/ssh/sshd_config.d" && sv_manifest before
'
test_expect_success 'no room to write down what is done' '
	mount -t tmpfs -o size=4k,mode=755 tmpfs "$SV/var/lib" && echo full >"$SV/var/lib/full" && sv_manifest before && undone "" && umount "$SV/var/lib" && sv_manifest before
'
test_expect_success 'a folder that is not root'\''s alone' 'chmod g+w "$SV/usr/local" && sv_manifest before && undone "/usr/local does not belong to root alone" && chmod g-w "$SV/usr/local" && sv_manifest before'
test_expect_success 'a file of ours that stood there before, and is wrong' '
	mkdir "$SV/etc/handseal" && echo "Nonsense yes" >"$SV/etc/handseal/verify.conf" && sv_manifest before && undone "verify.conf:1:.*check-config" && rm -r "$SV/etc/handseal" && sv_manifest before
'
test_expect_success 'another file says otherwise' '
	printf "Match User deploy\n\tPubkeyAuthentication no\n" >"$SV/etc/ssh/sshd_config.d/20-no.conf" && sv_manifest before && undone "pubkeyauthentication without yes" && rm "$SV/etc/ssh/sshd_config.d/20-no.conf" &&
	printf "#!/bin/sh\n" >"$SV/usr/local/bin/none" && chmod 755 "$SV/usr/local/bin/none" && printf "AuthorizedKeysCommand /usr/local/bin/none\nAuthorizedKeysCommandUser nobody\n" >"$SV/etc/ssh/sshd_config.d/00-aaa.conf" &&
	sv_manifest before && undone "another file says otherwise" --run-as nobody && printf "Match User deploy\n" >>"$SV/etc/ssh/sshd_config.d/00-bbb.conf" && sed -i "1i Match User root" "$SV/etc/ssh/sshd_config.d/00-aaa.conf" &&
	rm "$SV/etc/ssh/sshd_config.d/00-aaa.conf" "$SV/etc/ssh/sshd_config.d/00-bbb.conf" "$SV/usr/local/bin/none" && sv_manifest before
'
test_expect_success 'programs that do not run there' '
	mkdir other && cp "$HS_BIN/handseal-verify" other/ && cp "$HS_LIBEXEC/handseal-shell" other/ && printf "\177ELF no such machine" >other/handseal-verify && undone "does not run here" --programs other && does 1 "make builds it" $add --programs . $at
'
test_expect_success 'the login that must work does not' 'echo "AllowUsers root" >"$SV/etc/ssh/sshd_config.d/30-only.conf" && sv_reload && sv_manifest before && undone "the login as deploy that must work did not" && rm "$SV/etc/ssh/sshd_config.d/30-only.conf" && sv_reload && sv_manifest before'
test_expect_success 'the login that must fail does not: another key let it in, where ours was refused' '
	mkdir -p "$SV/home/deploy/.ssh" "$SV/etc/handseal" && cp "$HS_TMP/admin.pub" "$SV/home/deploy/.ssh/authorized_keys" && sv chown -R deploy: /home/deploy && echo "RequireUV yes" >"$SV/etc/handseal/verify.conf" && sv_manifest before &&
	printf "Match user deploy\n    IdentityFile $HS_TMP/admin\n" >>"$HS_TMP/ssh_config" && undone "that must fail was not refused as command-outside-scope" && rm -r "$SV/home/deploy/.ssh" "$SV/etc/handseal" && sv_config && sv_manifest before
'
test_expect_success 'no certificate to be had, nothing begun: no daemon; a person who declines' '
	hs_stop handseald && does 6 "so nothing was changed" $add $at && as_before
'
test_expect_success 'who is not root is told so' '
	mkdir -p "$SV/home/deploy/.ssh" && cp "$HS_TMP/admin.pub" "$SV/home/deploy/.ssh/authorized_keys" && sv chown -R deploy: /home/deploy && does 1 "this login is not root" handseal server add --yes --no-proof --user deploy -F "$HS_TMP/ssh_config" -o IdentityFile="$HS_TMP/admin" deploy@web1.example.com
'
test_expect_success 'the sshd that was started in place of the first one' 'kill "$(sv_listener)"'
hs_done
