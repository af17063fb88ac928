# The search's list of classes and members, from Doxygen's tag file (POSIX awk): lines ["name","address","where"],
/<compound kind=/ { match($0, /kind="[a-z]+"/); kind = substr($0, RSTART + 6, RLENGTH - 7); in_member = 0; scope = "" }
/<member kind="friend"/ { skipped = 1; next }
skipped { if (/<\/member>/) skipped = 0; next }
/<member kind=/ { in_member = 1; name = ""; file = ""; anchor = ""; next }
function value(line) {
  sub(/^[^>]*>/, "", line)
  sub(/<\/[a-z]+>$/, "", line)
  gsub(/&lt;/, "<", line); gsub(/&gt;/, ">", line); gsub(/&quot;/, "\\\"", line); gsub(/&amp;/, "\\&", line)
  return line
}
function entry(name, place, where) { print "[\"" name "\",\"" place "\",\"" where "\"]," }
in_member && /<name>/ { name = value($0) }
in_member && /<anchorfile>/ { file = value($0) }
in_member && /<anchor>/ { anchor = value($0) }
in_member && /<\/member>/ {
  in_member = 0
  # A function of a namespace stands in its header's topic as well: once is enough.
  if (kind ~ /^(class|struct|group)$/ && file != "" && anchor != "" && !seen[file anchor]++)
    entry(name, file "#" anchor, scope)
  next
}
!in_member && /<name>/ && scope == "" { scope = value($0) }
!in_member && /<title>/ && kind == "group" { scope = value($0) }
!in_member && /<filename>/ {
  file = value($0)
  if (file !~ /\.html$/) file = file ".html"
  if (kind ~ /^(class|struct|group)$/) {
    name = scope
    sub(/^.*::/, "", name)
    entry(kind == "group" ? scope : name, file, kind == "group" ? "topic" : scope)
  }
}
