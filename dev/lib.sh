# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: finds the checkout, JDK 25 and a folder to work in.
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
tool=$(basename "$0")
say() { printf '%s: %s\n' "$tool" "$*" >&2; }
. "$root/varve-dist/src/main/launcher/jdk25.sh"
find_jdk25 || exit 1

# Each checkout has a folder of its own outside the checkout: what lies there is never packaged.
work=${TMPDIR:-/tmp}/varve-quick-$(printf '%s' "$root" | sha256sum | cut -c 1-12)
mkdir -p "$work"

# class_path POM FILE: writes the jars that POM names, and those they need, to FILE.
class_path() {
  local log=$2.log
  if ! (cd "$root" && JAVA_HOME=$VARVE_JDK MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED" \
    mvn -B -q -f "$1" dependency:build-classpath -Dmdep.outputFile="$2.new" </dev/null >"$log" 2>&1); then
    say "cannot resolve the class path:"
    cat "$log" >&2
    exit 1
  fi
  mv "$2.new" "$2"
}
