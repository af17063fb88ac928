/// @file
/// What the labelled sets share: sentences from patterns, and parts without a text in common.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/random.hpp"
#include "bert/toy_world/lexicon.hpp"
#include "bert/toy_world/tasks.hpp"

namespace gradus::bert::toy {

enum class Part { train, validation, test };

/// Words that stand for a slot of a pattern: {"thing", {"red", "rope"}}.
struct Filling {
  Word slot;
  std::vector<Word> words;
};

/// The words of a pattern, "{who} took the {thing} .", and which of them came from which filling.
struct Filled {
  std::vector<Word> words;
  std::vector<int> filling;  // a word's filling; -1: it is the pattern's own
};
Filled fill(Word pattern, const std::vector<Filling>& fillings);

/// Capitals for the first word, one after a full stop, and names; full stops and commas joined.
std::string to_text(const std::vector<Word>& words);
std::string capitalised(Word word);
bool is_name(Word word);
void append(std::vector<Word>& words, const std::vector<Word>& more);

Word pick(std::span<const Word> words, Rng& rng);
std::vector<Word> people();
std::vector<Word> all_of(std::initializer_list<std::span<const Word>> lists);
/// Two that differ.
std::pair<Word, Word> pick_two(std::span<const Word> words, Rng& rng);

/// Which part a combination of two numbers is for: a sixth for the test, a sixth for validation.
Part part_of(size_t a, size_t b);

/// Makes the parts, example i of a part from a stream of its own. `make(rng, part, i)` is asked again where
/// `text_of` what it made is there already. An `Example` has `rows` of the examples that were asked for.
template <class Example, class Make, class TextOf>
ToySplits<Example> make_splits(Word task, uint64_t number, const ToyTaskOptions& options, Make&& make,
                               TextOf&& text_of, int64_t rows = 1) {
  if (options.examples < 20)
    fail<ValueError>("{} task: {} examples are too few to part them in three; take 20 or more", task,
                     options.examples);
  ToySplits<Example> set;
  std::unordered_set<std::string> texts;
  const int64_t all = options.examples / rows, tenth = (all + 5) / 10;
  const auto make_part = [&](std::vector<Example>& examples, Part part, int64_t size) {
    const Rng stream = Rng(options.seed).split(number).split(static_cast<uint64_t>(part));
    for (int64_t i = 0; i < size; ++i) {
      Rng rng = stream.split(static_cast<uint64_t>(i));
      for (int tries = 0; std::ssize(examples) == i; ++tries) {
        if (tries == 2000)
          fail<ValueError>("{} task: the toy world has no {} different examples of it; take fewer", task,
                           options.examples);
        Example example = make(rng, part, i);
        if (texts.insert(text_of(example)).second) examples.push_back(std::move(example));
      }
    }
  };
  make_part(set.test, Part::test, tenth);
  make_part(set.validation, Part::validation, tenth);
  make_part(set.train, Part::train, all - 2 * tenth);
  return set;
}

}  // namespace gradus::bert::toy
