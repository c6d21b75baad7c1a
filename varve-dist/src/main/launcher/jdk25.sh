# SPDX-License-Identifier: Apache-2.0
# Sourced, not run: finds a JDK 25 and sets VARVE_JDK to its folder.
# Never trusts a folder's name: the file "release" says what a JDK is.

# is_jdk25 FOLDER
is_jdk25() {
  [ -x "$1/bin/java" ] && [ -r "$1/release" ] && grep -q '^JAVA_VERSION="25[".]' "$1/release"
}

# find_jdk25: sets VARVE_JDK, or says what is missing and returns 1.
find_jdk25() {
  local candidate java looked=""
  if [ -n "${VARVE_JDK:-}" ] && is_jdk25 "$VARVE_JDK"; then return 0; fi
  if [ -n "${JAVA_HOME:-}" ]; then
    if is_jdk25 "$JAVA_HOME"; then VARVE_JDK=$JAVA_HOME; return 0; fi
    looked+="  JAVA_HOME ($JAVA_HOME)"$'\n'
  else
    looked+="  JAVA_HOME (not set)"$'\n'
  fi
  if java=$(command -v java); then
    candidate=$(dirname "$(dirname "$(readlink -f "$java")")")
    if is_jdk25 "$candidate"; then VARVE_JDK=$candidate; return 0; fi
    looked+="  java on the PATH ($candidate)"$'\n'
  else
    looked+="  java on the PATH (none)"$'\n'
  fi
  for candidate in /usr/lib/jvm/* /opt/* "${HOME:-/root}"/.sdkman/candidates/java/*; do
    if is_jdk25 "$candidate"; then VARVE_JDK=$candidate; return 0; fi
  done
  looked+="  /usr/lib/jvm/*, /opt/*, ~/.sdkman/candidates/java/*"
  cat >&2 <<MESSAGE
varve: JDK 25 is missing: Varve runs on Java 25 and on no other version.
Looked at:
$looked
Cure: install one (for example: apt-get install temurin-25-jdk), or set JAVA_HOME to one.
MESSAGE
  return 1
}
