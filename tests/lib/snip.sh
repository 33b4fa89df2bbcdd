# SPDX-License-Identifier: ISC
#
# What the tests of the blocks in docs/AGENTS.md and docs/THREATS.md share, behind e2e.sh, in the private world: taking a
# block out of a page, and a person to try it, `other`, who is nobody special: with a home, a runtime folder, a key, and
# the server web1.example.com, which is ours and lets in deploy. It states no test.
#
#	block NAME [PAGE]      prints the fenced block behind the line `<!-- try: NAME -->` of docs/PAGE (AGENTS.md)
#	person [LINE...]       makes all that; LINEs go in front of sshd's configuration
#	me CMD...              CMD as the person, at home, in an environment of its own, to which $mine adds NAME=VALUE...
#	me_spawn NAME CMD...   the same in the background
#	my_daemon              a daemon where `handseal` looks for it, the key blue enrolled there, and the server trusting it
#	enrolled               the last two, where the daemon is another's work
#	opened [ARG...]        a session, of what the policy names, by a touch
#	below_usr PROGRAM...   these of ours in /usr/games, and in front of PATH, for who sees no other place
#	agent NAME [LINE...]   a program in the person's PATH, a shell script, in place of a real agent

me=other
home=$HS_ROOT/home/$me
run=/run/user/4002
log=$home/.local/state/handseal/audit.jsonl
bin=$home/bin # the person's own programs
mine=
as_me="setpriv --reuid=$me --regid=$me --clear-groups" # hs_as as a program, which can be stopped

block() {
	awk -v mark="<!-- try: $1 -->" '
		/^```/ && inside { exit }
		inside { print; n++ }
		/^```/ && found { inside = 1 }
		$0 == mark { found = 1 }
		END { exit n > 0 ? 0 : 1 }' "$HS_SRC/docs/${2:-AGENTS.md}" || { echo "# docs/${2:-AGENTS.md} has no block $1" >&2 && return 1; }
}
env_() { # env_ BEHIND CMD...: BEHIND... takes what makes a command the person's
	env_=$1
	shift
	$env_ env -i -C "$home" HOME="$home" USER="$me" LOGNAME="$me" SHELL=/bin/sh LANG=C.UTF-8 TZ=UTC TERM=screen XDG_RUNTIME_DIR="$run" \
		PATH="$bin:$PATH" ${ASAN_OPTIONS:+"ASAN_OPTIONS=$ASAN_OPTIONS"} ${UBSAN_OPTIONS:+"UBSAN_OPTIONS=$UBSAN_OPTIONS"} $mine "$@"
}
me() { env_ "$as_me timeout 60" "$@"; }
me_spawn() {
	me_spawn_=$1
	shift
	env_ "hs_spawn $me_spawn_ $as_me" "$@"
}
owned() { chown -R $me: "$@"; }

person() {
	unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_RUNTIME_DIR HANDSEAL_SK_HELPER HANDSEAL_KNOWN_HOSTS HANDSEAL_SOCK
	chmod 755 "$HS_TMP" && mkdir -p /run/user && mkdir -m 700 $run "$home/.ssh" "$home/key" && mkdir -p "$bin" "$home/.config/handseal" && hs_sshd_start "$@" &&
		echo "HostName web1.example.com" >$HS_SERVER/verify.conf && echo "web1.example.com $(cut -d' ' -f1,2 "$HS_TMP/ssh_host_ed25519_key.pub")" >"$home/.ssh/known_hosts" &&
		cat >"$home/.ssh/config" <<-EOC && chmod 600 "$home/.ssh/config" && block policy >"$home/.config/handseal/policy" && owned "$home" $run || return 1
			Host web1.example.com
			    HostName 127.0.0.1
			    HostKeyAlias web1.example.com
			    Port $HS_PORT
			    BatchMode yes
		EOC
	me_spawn blue "$HS_BIN/softkey" -s "$home/key/blue.sock" -c "$home/key/blue.ctl" -S "$home/key/blue.state" && ln -s "$home/key/blue.ctl" "$HS_TMP/blue.ctl" &&
		hs_wait_for "grep -q '^ready' '$HS_TMP/blue.log' || ! hs_alive blue" 10 && hs_alive blue
}
enrolled() {
	hs_softkey blue touch-next && me handseal enroll --device "softkey:$home/key/blue.sock" --name blue >/dev/null &&
		me handseal roots --pub >pub && key=$(grep -o "sk-ssh-ed25519@openssh.com [A-Za-z0-9+/=]*" pub | head -n 1) && test -n "$key" && echo "users=\"deploy\" $key blue" >$HS_SERVER/roots
}
my_daemon() {
	me_spawn handseald "$HS_BIN/handseald" -D && hs_wait_for "grep -q '^handseald: serving on' '$HS_TMP/handseald.log' || ! hs_alive handseald" 10 &&
		hs_alive handseald && enrolled
}
below_usr() {
	mount -t tmpfs -o mode=0755 tmpfs /usr/games && for f in "$@"; do cp "$HS_BIN/$f" /usr/games/ || return 1; done && PATH=/usr/games:$PATH || return 1
	case ${ASAN_OPTIONS-} in *:suppressions=*) cp "$HS_ROOT/asan.supp" /usr/games/ && ASAN_OPTIONS=${ASAN_OPTIONS%:suppressions=*}:suppressions=/usr/games/asan.supp ;; esac
}
opened() { hs_softkey blue touch-next && me handseal open "$@"; }
agent() {
	agent_=$bin/$1
	shift
	{ echo "#!/bin/sh" && printf '%s\n' "$@"; } >"$agent_" && chmod 755 "$agent_" && owned "$agent_"
}
