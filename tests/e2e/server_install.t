#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what `make install-server` puts on a server is two programs and their pages, nothing else; they load
# libcrypto and libc alone, and what a machine without anything else lacks is not needed to start them.
test_description='what a server gets'
. "$(dirname "$0")/../lib/e2e.sh"
hs_init "$@"

root=$HS_TMP/root
san=$(! grep -q fsanitize "$HS_BUILD/flags" || echo SAN=1)
made() { (cd "$HS_SRC" && make -s B="$HS_BUILD" $san DESTDIR="$root" "$@") >out 2>&1 || { cat out && false; }; }
loads() { objdump -p "$1" | sed -n 's/^ *NEEDED *//p' | grep -v -E '^lib(asan|ubsan|m|gcc_s)\.so' | sed 's/\.so.*//'; }

test_expect_success 'two programs, two pages' '
	made install-server && (cd "$root" && find . -type f | sort) >got && cat got && test "$(wc -l <got)" = 4 && grep /bin/handseal-verify got && grep /libexec/handseal-shell got && grep /man8/handseal-verify.8 got && grep /man8/handseal-shell.8 got &&
	test "$(find "$root" -name "handseal-[vs]*" -type f ! -name "*.8" -exec stat -c %a {} + | sort -u)" = 755 && "$root"/usr/local/bin/handseal-verify --version
'
test_expect_success 'none of the libraries that the daemon and the command need' '
	for f in "$root"/usr/local/bin/handseal-verify "$root"/usr/local/libexec/handseal-shell; do
		! loads "$f" | grep -v -x -E "libc|libcrypto|libsodium|ld-linux.*" && ! ldd "$f" | grep -E "lib(fido2|uv|ssh|jansson|cbor|udev)\." || return 1
	done
'
test_expect_success 'with a library more it is not installed' '
	! made SERVERBINS="$HS_BUILD/handseal" check-server && grep "handseal needs libjansson" out && grep "handseal needs libssh" out && made check-server
'
test_expect_success 'and away again' 'made uninstall-server && ! find "$root" -type f | grep .'
hs_done
