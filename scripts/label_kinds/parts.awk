# What every kind of scripts/labels needs: which part an example belongs to, by a hash of a text, and what is said of
# the files. For POSIX awk with LC_ALL=C, mawk too: a character is a byte.

BEGIN {
  FS = "\t"
  for (i = 1; i < 256; i++) byte_of[sprintf("%c", i)] = i
}

# A number from 0 to 16777212, the same on every machine.
function hash(text,   h, i) {
  h = 7
  for (i = 1; i <= length(text); i++) h = (h * 65599 + byte_of[substr(text, i, 1)]) % 16777213
  return h
}

# Eight of ten, one, one.
function part_of(text,   digit) {
  digit = hash(text) % 10
  return digit == 0 ? "test" : digit == 1 ? "validation" : "train"
}

# What two texts have in common that differ in capitals, digits and punctuation alone.
function normal(text,   id) {
  id = tolower(text)
  gsub(/[^a-z\200-\377]+/, " ", id)
  gsub(/^ | $/, "", id)
  return id == "" ? text : id
}

# "train.tsv: 80 examples, 3 labels; the most frequent is noun.act, 50.0 % of them"
function say(file, part, examples, what, labels, all, of,   i, n, best, top) {
  n = best = 0
  for (i = 1; i <= labels; i++) {
    if (!count[part, name[i]]) continue
    n++
    if (count[part, name[i]] > best || (count[part, name[i]] == best && name[i] < top)) {
      best = count[part, name[i]]
      top = name[i]
    }
  }
  printf "%s: %d %s%s", file, examples, what, (examples == 1 ? "" : "s")
  if (n > 0) printf ", %d label%s; the most frequent is %s, %.1f %% of %s", n, (n == 1 ? "" : "s"), top, 100 * best / all, of
  printf "\n"
}
