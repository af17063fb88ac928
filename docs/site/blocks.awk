# Marks the blocks of a page that Doxygen made, in their order, with what page.awk wrote down about each: a line
# "kind TAB caption" of the file `blocks`. The caption stands above the block; the kind is its look. For POSIX awk.
BEGIN { while ((getline line < blocks) > 0) block[++count] = line }
{
  out = ""
  while ((at = index($0, "<div class=\"fragment\">")) > 0) {
    tab = index(block[++seen], "\t")
    kind = substr(block[seen], 1, tab - 1)
    caption = substr(block[seen], tab + 1)
    gsub(/&/, "\\&amp;", caption); gsub(/</, "\\&lt;", caption)
    if (caption != "") caption = "<div class=\"caption " kind "\">" caption "</div>"
    out = out substr($0, 1, at - 1) caption "<div class=\"fragment " kind "\">"
    $0 = substr($0, at + length("<div class=\"fragment\">"))
  }
  print out $0
}
END {
  if (seen != count) {
    print "site: " FILENAME " has " seen " blocks of code, its source " count > "/dev/stderr"
    exit 1
  }
}
