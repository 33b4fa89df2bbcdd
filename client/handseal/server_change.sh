# SPDX-License-Identifier: ISC
#
# What `handseal server` changes on a server: add and remove_, by the functions of server_remote.sh, which stand in front of
# these and say what holds for all of them.

# ---- adding

own_user() {
	if [ "$run_as" ]; then
		id "$run_as" >/dev/null 2>&1 || [ "$run_as" = "$hs_own" ] || { fail "there is no user $run_as here"; return 1; }
	fi
	[ "${run_as:-$hs_own}" = "$hs_own" ] && ! id "$hs_own" >/dev/null 2>&1 || return 0
	command -v useradd >/dev/null 2>&1 && command -v userdel >/dev/null 2>&1 || { fail "there is no useradd here: make a user $hs_own without shell or home, and run this again"; return 1; }
	nologin_=$(command -v nologin) || nologin_=/bin/false
	undo_line "un_user $hs_own" && { useradd --system --user-group --no-create-home --home-dir /nonexistent --shell "$nologin_" "$hs_own" >/dev/null 2>&1 || fail "useradd could not make the user $hs_own"; } && made "user $hs_own" &&
		tell say "made the user $hs_own, which sshd runs it as"
}
programs() { # verify_ and shell_ print them
	safe_path "$hs_bin" && safe_path "$hs_libexec" && dir "$hs_bin" && dir "$hs_libexec" || return 1
	for program_ in "$hs_bin/handseal-verify" "$hs_libexec/handseal-shell"; do
		case $program_ in */handseal-verify) try_=verify_ ;; *) try_=shell_ ;; esac
		undo_line "un_made '$program_.handseal-try'" && { $try_ | base64 -d >"$program_.handseal-try" && chmod 755 "$program_.handseal-try" || fail "cannot write $program_: $(df -P "${program_%/*}" | tail -n 1)"; } || return 1
	done
	ran_=$("$hs_bin/handseal-verify.handseal-try" --version 2>&1) ||
		{ fail "handseal-verify does not run here ($(uname -m)): $(printf '%s' "$ran_" | head -n 1). Build it for such a machine, and name its folder with --programs"; return 1; }
	"$hs_libexec/handseal-shell.handseal-try" >/dev/null 2>&1
	[ $? = 2 ] || { fail "handseal-shell does not run here"; return 1; } # 2: it was given no argument
	for program_ in "$hs_bin/handseal-verify" "$hs_libexec/handseal-shell"; do
		if ! cmp -s "$program_" "$program_.handseal-try" 2>/dev/null; then
			put "$program_" 755 <"$program_.handseal-try" || return 1
			tell say "$program_ is ${ran_#handseal-verify }"
		fi
		rm -f "$program_.handseal-try"
	done
}
with_lf_() { [ ! -f "$1" ] || awk 1 "$1"; }
active_() { [ ! -f "$1" ] || grep -v '^[[:space:]]*#' "$1"; }
trust() { # roots_ prints the lines
	safe_path "$hs_etc" && dir "$hs_etc" || return 1
	new_=$(roots_ | while IFS= read -r line_; do
		key_=$(printf '%s\n' "$line_" | sed -n 's/.*sk-[a-z0-9-]*@openssh\.com \([A-Za-z0-9+/=]*\).*/\1/p')
		[ "$key_" ] || continue
		active_ "$hs_etc/roots" | grep -q -F -e "$key_" || printf '%s\n' "$line_"
	done)
	if [ "$new_" ]; then
		{ with_lf_ "$hs_etc/roots" && printf '%s\n' "$new_"; } | put "$hs_etc/roots" 644 || return 1
		printf '%s\n' "$new_" | sed "s|^|line $hs_etc/roots |" >>"$J/made" || { fail "cannot write $J"; return 1; }
		tell say "$hs_etc/roots: $(printf '%s\n' "$new_" | grep -c .) root(s) more"
	else
		tell say "$hs_etc/roots: these roots stand there already, and stay as they are"
	fi
	add_names_=
	for name_ in $names; do
		active_ "$hs_etc/verify.conf" | awk -v n="$name_" 'tolower($1) == "hostname" { for (i = 2; i <= NF; i++) if ($i == n) f = 1 } END { exit !f }' || add_names_="$add_names_ $name_"
	done
	if [ "$add_names_" ] || [ ! -f "$hs_etc/verify.conf" ]; then
		{ with_lf_ "$hs_etc/verify.conf" && { [ -z "$add_names_" ] || printf 'HostName%s\n' "$add_names_"; }; } | put "$hs_etc/verify.conf" 644 && made "line $hs_etc/verify.conf HostName$add_names_" || return 1
		tell say "$hs_etc/verify.conf: this server is$add_names_"
	fi
}
in_order() { # what stood there before may be wrong too
	said_=$("$hs_bin/handseal-verify" check-config 2>&1) || { fail "$(printf '%s\n' "$said_" | head -n 1) (handseal-verify check-config)"; return 1; }
}
lines_() { # for sshd, which hands the login to a command without arguments, and behind --else none is
	case $command in '') else_= ;; *[[:blank:]]*) else_=" --else $command" ;; *) else_=" --else $command %u" ;; esac
	printf 'AuthorizedKeysCommand %s/handseal-verify keys %%u %%t %%k%s\nAuthorizedKeysCommandUser %s\n' "$hs_bin" "$else_" "${run_as:-$hs_own}"
}
configure() { # where nothing of ours stands yet
	was_=$command
	undo_line un_reload && lines_ >"$J/lines" && { cat "$J/lines" && cat "$sshd_config"; } >"$J/sshd_config" || { fail "cannot write $J"; return 1; }
	said_=$(sshd_test -f "$J/sshd_config") || { fail "sshd -t refuses the new configuration: $(printf '%s' "$said_" | head -n 1)"; return 1; }
	if include_counts; then
		put "$hs_dropin" 644 <"$J/lines" || return 1
		tell say "$hs_dropin: sshd asks handseal-verify${command:+, and behind it what it asked before}"
	else
		{ printf '%s\n' "$hs_begin" && cat "$J/lines" && printf '%s\n' "$hs_end" && cat "$sshd_config"; } >"$J/whole" && put "$sshd_config" 600 <"$J/whole" && made "block $sshd_config" || return 1
		tell say "$sshd_config: sshd asks handseal-verify${command:+, and behind it what it asked before}"
	fi
	wanted_=$(sed -n 's/^AuthorizedKeysCommand //p' "$J/lines")
	said_=$(sshd_test) || { fail "sshd -t: $(printf '%s' "$said_" | head -n 1)"; return 1; }
	effective || return 1
	[ "$command" = "$wanted_" ] && [ "$command_user" = "${run_as:-$hs_own}" ] || { fail "another file says otherwise, and sshd takes it: AuthorizedKeysCommand $command, as $command_user"; return 1; }
	reload || { fail "sshd did not take its new configuration, though sshd -t is content"; return 1; }
	tell say "sshd -t is content; reloaded"
	[ -z "$was_" ] || tell warn "no login by $was_ was tried: try one before you log out here"
}
remember() { # what a later remove has to know
	{ [ ! -f "$hs_var/added" ] || cat "$hs_var/added"; cat "$J/made"; } | awk '!seen[$0]++' >"$J/added" && put "$hs_var/added" 600 <"$J/added"
}
add() {
	look || return 1
	[ "$expect" = '?' ] || [ "$expect" = "$command|$command_user" ] || { fail "sshd asks another command than the one that was shown: ${command:-none}. Run this again"; return 1; }
	[ "$kind" != other ] || [ "$run_as" ] ||
		{ fail "sshd asks $command as $command_user already. It would go on behind --else, both as one user: say --run-as $command_user (all stays as it is for it), or --run-as $hs_own"; return 1; }
	begin add && programs && trust && in_order || { give_up; return 1; }
	case $kind in
	none | other) own_user && configure ;;
	*) tell say "sshd asks handseal-verify already; its configuration stays as it is" ;;
	esac && remember || { give_up; return 1; }
	tell pending "${wait:-0}"
}

# ---- removing

without_block_() { awk -v b="$hs_begin" -v e="$hs_end" '$0 == b { in_ = 1 } !in_ { print } $0 == e { in_ = 0 }' "$1"; }
remove_() {
	look || return 1
	rest_=$(roots_files_ | while IFS= read -r file_; do not_mine_ "$file_" | written_; done)
	begin remove || { give_up; return 1; }
	if [ "$rest_" ] && [ -z "$all" ]; then
		trust_less_ && tell say "other people's roots stand in $hs_etc, so sshd goes on asking handseal-verify (--all ends that)" || { give_up; return 1; }
	else
		forget_ || { give_up; return 1; }
	fi
	tell pending "${wait:-0}"
}
not_mine_() { awk -v keys="$keys" 'BEGIN { n = split(keys, k, " ") } { mine = 0; for (i = 1; i <= n; i++) if (index($0, k[i]) && $0 !~ /^[ \t]*#/) mine = 1; if (!mine) print }' "$1"; }
roots_files_() { [ ! -f "$hs_etc/roots" ] || echo "$hs_etc/roots"; own_roots_; }
trust_less_() {
	roots_files_ >"$J/files" || { fail "cannot write $J"; return 1; }
	while IFS= read -r file_; do
		not_mine_ "$file_" >"$J/roots" || { fail "cannot read $file_"; return 1; }
		cmp -s "$J/roots" "$file_" || put "$file_" 644 <"$J/roots" || return 1
	done <"$J/files"
	[ ! -f "$hs_var/added" ] || { not_mine_ "$hs_var/added" >"$J/added" && put "$hs_var/added" 600 <"$J/added"; } || return 1
	tell say "$hs_etc: your roots are gone"
}
forget_() {
	case $kind in
	hand) fail "sshd asks handseal-verify by lines that somebody wrote by hand: take them out first ($sshd_config, ${hs_dropin%/*})"; return 1 ;;
	ours)
		undo_line un_reload && take "$hs_dropin" || return 1
		if grep -q -x -F -e "$hs_begin" "$sshd_config"; then
			without_block_ "$sshd_config" >"$J/whole" && put "$sshd_config" 600 <"$J/whole" || return 1
		fi
		said_=$(sshd_test) || { fail "sshd -t: $(printf '%s' "$said_" | head -n 1)"; return 1; }
		reload || { fail "sshd did not take its configuration, though sshd -t is content"; return 1; }
		effective || return 1
		case $command in *handseal-verify*) fail "sshd still asks $command"; return 1 ;; esac
		tell say "sshd asks ${command:-no command} again; reloaded"
		;;
	esac
	{ [ ! -f "$hs_var/added" ] || cat "$hs_var/added"; } >"$J/gone" || { fail "cannot write $J"; return 1; }
	for file_ in roots verify.conf; do
		was_made_ "file $hs_etc/$file_" && { take "$hs_etc/$file_" || return 1; } || less_lines_ "$hs_etc/$file_" || return 1
	done
	for file_ in "$hs_bin/handseal-verify" "$hs_libexec/handseal-shell" "$hs_var/added"; do
		[ "$file_" = "$hs_var/added" ] || was_made_ "file $file_" || continue
		take "$file_" || return 1
	done
	tell say "what was added here is gone: programs, roots and names"
}
less_lines_() { # out of a file that was there before, the lines that were added
	[ -f "$1" ] || return 0
	sed -n "s|^line $1 ||p" "$J/gone" >"$J/less"
	[ -s "$J/less" ] || return 0
	{ grep -v -x -F -f "$J/less" "$1" || :; } >"$J/more" && put "$1" 644 <"$J/more"
}
