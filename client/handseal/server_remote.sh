# SPDX-License-Identifier: ISC
#
# What `handseal server` runs on a server, as root, in any POSIX sh: functions, and no call of one. It is built into the
# command, which sends it over ssh with server_change.sh behind it, sets the variables below and calls one of: probe, status_,
# add, remove_, keep, undo_all.
# Of what it prints each line is `key value` (server_facts.h), where $told is empty; with told=person, sentences.
#
# Nothing is changed before it is written down how to undo it: $J/undo, newest first, each line a call of an un_ function
# here. What was there is kept beside it by a hard link, so that putting it back needs no room on the disk. Who renames
# $J/pending decides: `keep` that it stays, anybody else that it is undone: at an error, when the connection ends, when
# $wait seconds have passed without `keep`, and else at the next call.
#
# Variables: hs_bin, hs_libexec (folders of the programs, plain paths), wait, told, run_as ("", or the user that sshd is to
# run the command as), names (blank between two), users (likewise), expect (the old command that the person was shown; "?":
# any), all (remove: whoever else's roots are there), keys (remove: base64 of roots, blank between two).

PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
LC_ALL=C
export LC_ALL
umask 022
set -f
hs_etc=/etc/handseal hs_var=/var/lib/handseal hs_own=handseal-verify
J=$hs_var/undo
pending= # this shell has something that is not decided
hs_dropin=/etc/ssh/sshd_config.d/00-handseal.conf
hs_begin='# handseal: begin (handseal server remove takes it out)'
hs_end='# handseal: end'

tell() { # tell KEY VALUE
	case $told:$1 in
	person:say | person:warn) printf '%s\n' "$2" ;;
	person:fail) printf 'failed: %s\n' "$2" >&2 ;;
	person:*) ;;
	*) printf '%s %s\n' "$1" "$2" ;;
	esac
}
fail() { # fail SENTENCE: the reason, and 1
	tell fail "$1"
	return 1
}
each() { # each KEY <TEXT: a line for each line
	while IFS= read -r each_ || [ "$each_" ]; do tell "$1" "$each_"; done
}

# ---- sshd: the one that let us in, else the only one there is

processes_() { ls /proc | grep -x '[0-9]*'; }
cmdline_() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null; }
is_listener_() { # sets title. Anybody may choose one, also for what they start that becomes root: so it must be root's, and a file of that name
	title=$(cmdline_ "$1")
	case $title in
	"sshd: /"*" [listener]"*) title=${title#sshd: } title=${title%% \[listener\]*} ;;
	/*/sshd | /*/sshd\ *) case " $title " in *" -i "* | *" -R "*) return 1 ;; esac ;; # before 8.2
	*) return 1 ;;
	esac
	exe_=$(readlink "/proc/$1/exe" 2>/dev/null) exe_=${exe_% (deleted)} # by an upgrade
	case ${title%% *} in */sshd) ;; *) return 1 ;; esac
	case $exe_ in */sshd) ;; *) return 1 ;; esac # not always that one: there may be a script in front of it
	grep -q '^Uid:[[:space:]]*0[[:space:]]*0[[:space:]]*0[[:space:]]*0$' "/proc/$1/status" 2>/dev/null
}
find_sshd() { # sets listener, sshd, sshd_args, sshd_config
	listener= found_=$$
	while [ "${found_:-0}" -gt 0 ]; do
		! is_listener_ "$found_" || { listener=$found_ && break; }
		found_=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$found_/status" 2>/dev/null)
	done
	if [ -z "$listener" ]; then
		for found_ in $(processes_); do
			is_listener_ "$found_" || continue
			[ -z "$listener" ] || { fail "more than one sshd listens here: log in through the one that is meant"; return 1; }
			listener=$found_
		done
		[ "$listener" ] && is_listener_ "$listener" || { fail "no sshd listens here that this login came from: is it started for each connection? Then do it by hand (docs/SERVERS.md)"; return 1; }
	fi
	sshd=${title%% *} sshd_args= sshd_config=/etc/ssh/sshd_config
	case $title in *[!A-Za-z0-9\ ./_=,:@+%-]*) fail "sshd was started as $title, which cannot be read"; return 1 ;; *' '*) sshd_args=${title#* } ;; esac
	[ -x "$sshd" ] || { fail "sshd was started as $sshd, which is not there"; return 1; }
	safe_path "$sshd" || return 1
	next_=
	for found_ in $sshd_args; do
		case $next_$found_ in
		-f/*) sshd_config=${found_#-f} next_= ;;
		-f) next_=-f ;;
		*) next_= ;;
		esac
	done
	case $sshd_config in /*) ;; *) fail "sshd's configuration is $sshd_config, which is no absolute path"; return 1 ;; esac
	[ -f "$sshd_config" ] && [ ! -h "$sshd_config" ] || { fail "$sshd_config is no regular file"; return 1; }
	safe_path "$sshd_config"
}
sshd_test() { "$sshd" $sshd_args -t "$@" 2>&1; }
sshd_says() { # sshd_says USER: what holds for a login as USER from where we came
	set -- "$1" ${SSH_CONNECTION:-127.0.0.1 1 127.0.0.1 22}
	"$sshd" $sshd_args -T -C "user=$1,host=$2,addr=$2,laddr=$4,lport=$5" 2>/dev/null
}
of_() { sed -n "s/^$1 //p" | head -n 1; }

# Sets command and command_user: what sshd asks now, the same for each of $users; "" is none.
effective() {
	command= command_user= first_=1
	for effective_ in ${users:-root}; do
		case $effective_ in '*') effective_=nobody ;; esac
		said_=$(sshd_says "$effective_") && [ "$said_" ] || { fail "sshd -T does not print its configuration: $(sshd_test | head -n 1)"; return 1; }
		now_=$(printf '%s\n' "$said_" | of_ authorizedkeyscommand)
		now_user_=$(printf '%s\n' "$said_" | of_ authorizedkeyscommanduser)
		[ "$now_" != none ] || now_=
		[ "$now_user_" != none ] || now_user_=
		[ "$first_" ] || [ "$now_|$now_user_" = "$command|$command_user" ] ||
			{ fail "sshd asks different commands for $users (Match): put handseal-verify there by hand (docs/SERVERS.md)"; return 1; }
		command=$now_ command_user=$now_user_ first_=
		for must_ in 'pubkeyauthentication yes' 'casignaturealgorithms ssh-ed25519' 'pubkeyacceptedalgorithms ssh-ed25519-cert-v01@openssh.com'; do
			value_=$(printf '%s\n' "$said_" | of_ "${must_%% *}")
			case ",$value_," in ,, | *",${must_#* },"*) ;; *) fail "for $effective_ sshd has ${must_%% *} without ${must_#* }: no delegated login could work"; return 1 ;; esac
		done
	done
}

# What the command is to us: none, ours (set here before), hand (ours, by hand), other.
kind_of() {
	ours_="$hs_bin/handseal-verify keys %u %t %k"
	case $command in
	'') kind=none ;;
	"$ours_" | "$ours_ --else "* | "$ours_ --connection %C" | "$ours_ --connection %C --else "*) was_made_ "file $hs_dropin" || was_made_ "block $sshd_config" && kind=ours || kind=hand ;;
	*/handseal-verify | */handseal-verify\ *) fail "sshd asks handseal-verify already, in another way than this command knows: $command"; return 1 ;;
	/*) # whose first word is not in doubt
		case ${command%%[[:blank:]]*} in *[\\\"\']*) fail "sshd asks a command that is written with quotes: $command. Do it by hand (docs/SERVERS.md)"; return 1 ;; esac
		kind=other ;;
	*) fail "sshd asks a command that is no path: $command"; return 1 ;;
	esac
}

was_made_() { grep -q -x -F -e "$1" "$hs_var/added" 2>/dev/null; } # by an add that was kept

# Does sshd read our file before anything that could say otherwise? (The first value holds.)
include_counts() {
	[ -d "${hs_dropin%/*}" ] && awk '
		tolower($1) ~ /^(match|authorizedkeyscommand)/ { exit }
		tolower($1) == "include" { for (i = 2; i <= NF; i++) if ($i == "/etc/ssh/sshd_config.d/*.conf") { print "yes"; exit } }' "$sshd_config" | grep -q yes
}

# Each folder of a path root's, and nobody else's to write: sshd runs nothing else.
safe_path() {
	safe_=$1
	while :; do
		[ ! -e "$safe_" ] || [ "$(find -H "$safe_" -prune -user 0 ! -perm -020 ! -perm -002)" ] ||
			{ fail "$safe_ does not belong to root alone (ls -ld $safe_), and sshd and handseal-verify trust no such place: chown root $safe_; chmod go-w $safe_"; return 1; }
		[ "$safe_" != / ] || return 0
		safe_=$(dirname "$safe_")
	done
}

# ---- writing down, doing, undoing

undo_line() { # undo_line CALL: before it is done
	{ printf '%s\n' "$1" && { [ ! -f "$J/undo" ] || cat "$J/undo"; }; } >"$J/undo.new" && mv -f "$J/undo.new" "$J/undo" || fail "cannot write $J: $(df -P "$hs_var" | tail -n 1)"
}
un_put() { # an old file back, or what was none gone
	rm -f "$1.handseal-new"
	if [ -e "$1.handseal-old" ]; then mv -f "$1.handseal-old" "$1"; fi
}
un_made() { rm -f "$1"; }
un_dir() { rmdir "$1" 2>/dev/null || [ ! -d "$1" ]; }
un_user() { ! id "$1" >/dev/null 2>&1 || userdel "$1" >/dev/null 2>&1; }
un_reload() { reload || again_; } # written down before the files, so it comes when they are back

# A file replaced by what comes on stdin, as a whole, with its old owner and mode if it had any.
put() { # put FILE MODE
	case $1 in *\'* | *\\*) fail "$1 has a name that cannot be used"; return 1 ;; esac
	if [ -h "$1" ] || { [ -e "$1" ] && [ ! -f "$1" ]; }; then
		fail "$1 is no regular file"
		return 1
	fi
	undo_line "un_put '$1'" || return 1
	if [ -e "$1" ]; then
		cp -p "$1" "$1.handseal-new" && cat >"$1.handseal-new" && ln "$1" "$1.handseal-old" || { fail "cannot write $1"; return 1; }
	else
		undo_line "un_made '$1'" && { (umask 077 && cat >"$1.handseal-new") && chmod "$2" "$1.handseal-new" || fail "cannot write $1"; } && made "file $1" || return 1
	fi
	mv -f "$1.handseal-new" "$1" || fail "cannot write $1"
}
take() { # a file gone
	[ -e "$1" ] || return 0
	undo_line "un_put '$1'" && { ln "$1" "$1.handseal-old" && rm "$1" || fail "cannot remove $1"; }
}
dir() { # a folder there, and its parents
	[ "$1" ] && [ ! -d "$1" ] || return 0
	dir "${1%/*}" && undo_line "un_dir '$1'" && { mkdir -m 755 "$1" || fail "cannot make $1"; } && made "dir $1"
}
made() { printf '%s\n' "$1" >>"$J/made" || fail "cannot write $J"; } # for a later remove
all_old_() { sed -n "s/^un_put '\(.*\)'\$/\1.handseal-old/p" "$J/undo" 2>/dev/null; }

alive() { [ "$listener" ] && is_listener_ "$listener"; }
reload() {
	if alive; then kill -HUP "$listener" 2>/dev/null; fi
	for reload_ in 1 2 3 4 5; do
		sleep 0.2 2>/dev/null || sleep 1
		alive || break
	done
	alive
}
again_() { # sshd has ended: nobody could log in
	if [ -d /run/systemd/system ]; then
		systemctl start ssh.service 2>/dev/null || systemctl start sshd.service 2>/dev/null
	else
		"$sshd" $sshd_args </dev/null >/dev/null 2>&1 &
	fi
	again_n_=0
	while [ $again_n_ -lt 10 ]; do
		sleep 1
		for again_p_ in $(processes_); do
			! is_listener_ "$again_p_" || { listener=$again_p_ && return 0; }
		done
		again_n_=$((again_n_ + 1))
	done
	return 1
}

look() { # behind the undoing, which may change what sshd asks
	is_root && tools && find_sshd && safe_path "$hs_var" && left_behind && effective && kind_of
}
begin() { # begin WHAT, after look: from here on it is done, or undone
	safe_path "${hs_dropin%/*}" || return 1
	mkdir -p "$hs_var" && mkdir -m 700 "$J" 2>/dev/null || { fail "$J: another handseal server is at work here, or $hs_var cannot be written"; return 1; }
	pending=1
	: >"$J/undo" && echo "$1 $$ $(started_ $$) $(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$J/pending" && : >"$J/made" || { fail "cannot write $J"; return 1; }
	[ -z "$wait" ] || watch_ "$wait"
}
give_up() { # 1, with all undone that this shell began
	[ -z "$pending" ] || undo_all
	return 1
}
# Nobody may be there to say that it works: then, after a while, it did not.
watch_() {
	(
		trap '' HUP INT TERM PIPE
		trap - EXIT
		watch_n_=0
		while [ $watch_n_ -lt "$1" ]; do
			sleep 1
			[ -e "$J/pending" ] || exit 0
			watch_n_=$((watch_n_ + 1))
		done
		told=person
		undo_all
	) </dev/null >/dev/null 2>&1 &
}
started_() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; } # no number is used twice with it
# What one before us began and did not end, because the machine stopped.
left_behind() {
	[ -d "$J" ] || return 0
	left_what_=something left_pid_= left_started_= left_when_=
	for left_ in pending undoing kept; do
		[ ! -e "$J/$left_" ] || read -r left_what_ left_pid_ left_started_ left_when_ <"$J/$left_"
	done
	if [ "$left_started_" ] && [ "$(started_ "$left_pid_")" = "$left_started_" ]; then
		fail "another handseal server $left_what_ is at work here since $left_when_"
		return 1
	fi
	if [ -e "$J/kept" ]; then settle_ && return 0; fi
	tell say "undoing what handseal server $left_what_ began${left_when_:+ at $left_when_} and did not end"
	[ ! -e "$J/undoing" ] || mv "$J/undoing" "$J/pending"
	[ -e "$J/pending" ] || : >"$J/pending"
	undo_all
}
undo_all() {
	pending=
	mv "$J/pending" "$J/undoing" 2>/dev/null || return 0 # another does, or it is kept
	tell say "undoing"
	undo_rc_=0
	while IFS= read -r undo_l_; do
		eval "$undo_l_" || { undo_rc_=1 && tell warn "could not be undone: $undo_l_"; }
	done <"$J/undo"
	rm -rf "$J" && rmdir "$hs_var" 2>/dev/null
	[ $undo_rc_ = 0 ] && tell undone "everything"
	return 0
}
keep() {
	mv "$J/pending" "$J/kept" 2>/dev/null || { pending= && fail "it was undone meanwhile: nobody said in time that it works"; return 1; }
	pending=
	settle_
	tell kept "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
}
settle_() { # what cannot be undone comes last
	all_old_ | while IFS= read -r settle_; do rm -f "$settle_"; done
	if [ -f "$J/gone" ]; then
		! grep -q -x -F -e "user $hs_own" "$J/gone" || un_user "$hs_own" || tell warn "the user $hs_own could not be removed: userdel $hs_own"
		sed -n 's/^dir //p' "$J/gone" | sort -r | while IFS= read -r settle_; do un_dir "$settle_" || tell warn "$settle_ stays: there are files in it"; done
	fi
	rm -rf "$J"
	rmdir "$hs_var" 2>/dev/null
	return 0
}

at_end() {
	trap '' HUP INT TERM PIPE
	[ -z "$pending" ] || undo_all 2>/dev/null
}
trap at_end EXIT
trap 'exit 1' HUP INT TERM PIPE

# What our programs said last in its log, where something did not work.
why_() {
	{ journalctl -q -n 4 -o cat -t handseal-verify -t handseal-shell --since=-2min 2>/dev/null || grep -h 'handseal-[vs]' /var/log/auth.log /var/log/secure 2>/dev/null | tail -n 4; } | each warn
}

# ---- looking

written_() { grep -v -E '^[[:space:]]*(#|$)' "$@"; } # what counts of a file
own_roots_() { [ ! -d "$hs_etc/roots.d" ] || find "$hs_etc/roots.d" -type f; } # each login's own
is_root() { [ "$(id -u)" = 0 ] || fail "this login is not root: use root@HOST, or run what --print prints there as root"; }
tools() {
	for tool_ in awk base64 cat chmod cmp cut date df dirname find grep head id ln ls mkdir mv readlink rm rmdir sed sleep sort stat tail tr; do
		command -v "$tool_" >/dev/null 2>&1 || { fail "$tool_ is not there"; return 1; }
	done
}
probe() {
	is_root && tools && find_sshd && effective && kind_of || return 1
	tell sshd "$sshd $sshd_args"
	tell config "$sshd_config"
	tell listener "$listener"
	tell kind "$kind"
	[ -z "$command" ] || tell command "$command"
	[ -z "$command_user" ] || tell command-user "$command_user"
	include_counts && tell place "$hs_dropin" || tell place "$sshd_config"
	tell machine "$(uname -m)"
	tell system "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null | tr -d '"')"
	[ ! -x "$hs_bin/handseal-verify" ] || tell version "$("$hs_bin/handseal-verify" --version 2>/dev/null)"
	id "$hs_own" >/dev/null 2>&1 && tell account there
	[ ! -f "$hs_etc/roots" ] || each root <"$hs_etc/roots"
	own_roots_ | while IFS= read -r probe_; do written_ "$probe_" | each own-root; done
	[ ! -f "$hs_etc/verify.conf" ] || each conf <"$hs_etc/verify.conf"
	[ ! -e "$J" ] || tell unfinished "$(cat "$J/pending" "$J/undoing" 2>/dev/null)"
	[ ! -f "$hs_var/added" ] || tell added there
	return 0
}
lists() {
	lists_=$(sed -n 's/^[[:space:]]*[Rr][Ee][Vv][Oo][Cc][Aa][Tt][Ii][Oo][Nn][Ss][[:space:]]\{1,\}\([^[:space:]]*\).*/\1/p' "$hs_etc/verify.conf" 2>/dev/null | head -n 1)
	[ "$lists_" ] || return 0
	[ -d "$lists_" ] || { tell warn "the folder of lists, $lists_, is not there" && return 0; }
	tell now "$(date +%s)"
	find -H "$lists_" -name '*.list' -type f -exec stat -c 'list %Y %n' {} + 2>/dev/null | head -n 256 | each_list_
}
each_list_() { while IFS= read -r each_; do tell list "${each_#list }"; done; }
status_() {
	probe || return 1
	lists
	[ ! -d "$hs_etc/roots.d" ] || ls "$hs_etc/roots.d" | each account-roots
	[ ! -f "$hs_etc/revoked" ] || tell revoked "$(written_ -c "$hs_etc/revoked")"
}
