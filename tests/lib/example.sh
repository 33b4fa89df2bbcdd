# SPDX-License-Identifier: ISC
#
# What the tests of client/example share, behind e2e.sh: libhandseal installed, the examples built against it as its
# pkg-config file says, and the example server on a free port, trusting the folder $trusts. It states no test.
#
#	example_install       into $HS_TMP/inst; its library in $lib
#	example_build         server and door, in the test's folder
#	example_server        the server, as `server`, at $port, called web1.example.com, with sshd's host key
#	example_ssh ARG...    ssh to it

trusts=
lib=
sanitized() { grep -o -e '-fsanitize=[a-z,]*' "$HS_BUILD/flags" | head -n 1; }
installed() { PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$HS_TMP/inst pkg-config "$@"; }
example_install() {
	lib=$HS_TMP/inst/usr/lib
	make -s -C "$HS_SRC" B="$HS_BUILD" $(sanitized | grep -q . && echo SAN=1) PREFIX=/usr DESTDIR="$HS_TMP/inst" LIBEXECDIR="$HS_LIBEXECDIR" -o all install >made 2>&1 || { cat made && false; }
}
example_build() {
	example_install || return 1
	for e in server:libssh door:; do
		cc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wconversion -Werror $(sanitized) "$HS_SRC/client/example/${e%:*}.c" \
			$(installed --cflags --libs libhandseal) $(pkg-config --libs ${e#*:} 2>/dev/null) -o "${e%:*}" || return 1
	done
}
example_server() {
	trusts=$HS_TMP/trusts
	mkdir -p "$trusts/lists" || return 1
	for try in 1 2 3 4 5; do # another process may take the port first
		port=$(hs_free_port) && hs_spawn server env LD_LIBRARY_PATH="$lib" ./server 127.0.0.1 "$port" "$HS_TMP/ssh_host_ed25519_key" "$trusts" web1.example.com || return 1
		hs_wait_for "grep -q listening '$HS_TMP/server.log' || ! hs_alive server" 10
		! hs_alive server || break
		hs_wait server 1
	done
	hs_alive server && echo "[127.0.0.1]:$port $(cat "$HS_TMP/ssh_host_ed25519_key.pub")" >>"$HS_TMP/known_hosts"
}
example_ssh() { timeout 30 ssh -p "$port" $(echo "$HS_SSH_OPTS" | sed "s/-p [0-9]*//") "$@"; }
