# Rows "key TAB text TAB label TAB others" become the lines of train, validation and test, which differ in their keys
# and in their texts. A key of - is the text itself. After parts.awk.
# Variables: train, validation, test (the files), columns (the first line of each).

{
  id = normal($2)
  copies[id]++
  if (copies[id] > 1) {
    if ($3 != label[first[id]]) unclear[id] = 1
    next
  }
  rows++
  first[id] = rows
  key[rows] = $1 == "-" ? id : $1
  label[rows] = $3
  ids[rows] = id
  line[rows] = substr($0, length($1) + 2)
}

END {
  file["train"] = train; file["validation"] = validation; file["test"] = test
  for (part in file) print columns > file[part]
  for (i = 1; i <= rows; i++) {
    if (ids[i] in unclear) { without_label += copies[ids[i]]; continue }
    repeated += copies[ids[i]] - 1
    if (!(key[i] in part_of_key)) part_of_key[key[i]] = part_of(key[i])
    if (part_of_key[key[i]] == "train") trained[label[i]] = 1
    if (!(label[i] in seen)) { seen[label[i]] = 1; name[++labels] = label[i] }
  }
  # Nobody can learn a label that training does not have: its first key goes there.
  for (i = 1; i <= rows; i++) {
    if (ids[i] in unclear || label[i] in trained) continue
    part_of_key[key[i]] = "train"
    for (j = 1; j <= rows; j++) if (key[j] == key[i] && !(ids[j] in unclear)) trained[label[j]] = 1
  }
  for (i = 1; i <= rows; i++) {
    if (ids[i] in unclear) continue
    part = part_of_key[key[i]]
    print line[i] > file[part]
    examples[part]++
    count[part, label[i]]++
  }
  say("train.tsv", "train", examples["train"], "example", labels, examples["train"], "them")
  say("validation.tsv", "validation", examples["validation"], "example", labels, examples["validation"], "them")
  say("test.tsv", "test", examples["test"], "example", labels, examples["test"], "them")
  printf "left out: %d that repeat a text, %d whose text has several labels\n", repeated, without_label
}
