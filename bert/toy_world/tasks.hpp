/// @file
/// Labelled sets of the toy world: what to fine-tune a BERT on that was pretrained on its stories.
///
/// Labels are exact, because the world is known. Each set comes in three parts, of which those to validate
/// and to test on hold out words, names, forms of sentences or combinations, as each task says; no text
/// stands in two parts or twice in one. A set depends on the seed only, and is the same on every machine;
/// with more examples validation and test keep theirs and get others after them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::bert {

struct ToyTaskOptions {
  /// In all; a tenth, rounded, is for validation and a tenth for the test. At least 20.
  int64_t examples = 10000;
  uint64_t seed = 1;
};

/// The three parts of a set.
template <class Example>
struct ToySplits {
  std::vector<Example> train, validation, test;
};

/// A text with its class.
struct ToyText {
  std::string text, label;
  std::string kind;  ///< what makes it easy or hard; figures are told by kind
};

/// Which topic two sentences are about, all topics equally often. Kind `seen`: their nouns are those of the
/// training; `unseen`: none of them is in a text of the training, so only what a model knows of them from
/// elsewhere tells (half of validation and test, with other nouns each). The test has forms of sentences of
/// its own.
/// @throws ValueError for fewer than 20 examples, or more than there are different texts; so do all tasks.
ToySplits<ToyText> toy_topic_task(const ToyTaskOptions& options = {});

/// positive or negative, equally often. Kind `plain`: "Tom felt glad."; `negated`: "Tom felt not at all
/// glad."; `contrast`: "Tom was not glad but sad."; `emphasis`: "Never was Tom so glad.", which is positive.
/// A form and an adjective that stand together in the test do not in the training. Each mood has two of the
/// stories' three adjectives.
ToySplits<ToyText> toy_sentiment_task(const ToyTaskOptions& options = {});

/// A sentence with a tag for each word: O, or B- and I- of PER, LOC (towns), ORG ("Oslo Library") and ITEM
/// ("red rope").
struct ToyTagged {
  std::vector<std::string> words, tags;
};

/// Names that only their sentence decides: "Paris left Paris." The test has forms of sentences, names of
/// people and towns, and things that the training has not; validation has people of its own.
ToySplits<ToyTagged> toy_entities_task(const ToyTaskOptions& options = {});

/// A question about a story. The answer is a part of it: text and answer agree at `answer_start`.
struct ToyQuestion {
  std::string id, context, question;
  std::string answer;         ///< empty where the story does not say
  int64_t answer_start = -1;  ///< the first character of the answer; -1 without one
  std::string kind;    ///< `last`: the last such word is right; `earlier`: it is not; `none`: no answer
  int64_t story = -1;  ///< the context is the beginning of this toy_story; not in the file
};

/// The first two to five sentences of a story, and where someone or something is at their end, or who has
/// it. A third has no answer: of somebody who is not in the story, or of somebody who is, but it is not told.
/// Of the others `last` is two in five, so that to say the place or person named last is mostly wrong.
/// Validation and test have held-out stories.
ToySplits<ToyQuestion> toy_questions_task(const ToyTaskOptions& options = {});

struct ToyTextPair {
  std::string first, second;
  int score = 0;  ///< 0 to 5
};

/// Two texts, each of a thing that changes hands, and how many of five facts they share: who had it, who has
/// it now, what it is, its colour, and where it was. One tells it in another way, with other verbs, in the
/// passive or with a pronoun; often both people are in both texts with their parts exchanged. Things meet
/// other colours in the test than in the training. All scores are equally frequent.
ToySplits<ToyTextPair> toy_similarity_task(const ToyTaskOptions& options = {});

/// A sentence with "it", and the two that it may be, in the order of the sentence.
struct ToyCoreference {
  std::string text, first, second;
  std::string label;      ///< first or second
  std::string type;       ///< food, catch or fit
  int64_t pair = 0;       ///< two rows of a pair differ in the adjective alone, and in the label
  std::string adjective;  ///< what it was; not in the file
};

/// Type `food`: "The dog ate the egg because it was hungry.", or fresh; animals and foods of the test are not
/// in the training. `catch`: "The fox caught the duck because it was slow.", or fast; these two animals meet
/// in one part only. `fit`: "The rope did not fit in the cup because it was too big.", or too small; so do
/// thing and vessel. The types take turns; half of each is told the other way round (in the passive; "The cup
/// did not hold the rope"), so each label is right as often.
/// @throws ValueError also for an odd number of examples.
ToySplits<ToyCoreference> toy_coreference_task(const ToyTaskOptions& options = {});

/// A file of a set, ready to be written.
struct ToyTaskFile {
  std::string name;  ///< "train.tsv"
  std::string bytes;
  int64_t examples = 0;
};

/// topic, sentiment, entities, questions, similarity, coreference.
std::vector<std::string> toy_task_names();

/// The sets as others have them: TSV with a line of names (`text label kind`, `first second score`, `text
/// first second label type pair`); CoNLL, a word and its tag in a line and an empty line after a sentence;
/// JSON as SQuAD 2.0 has it. In the order train, validation, test.
std::vector<ToyTaskFile> to_files(const ToySplits<ToyText>& set);
std::vector<ToyTaskFile> to_files(const ToySplits<ToyTagged>& set);
std::vector<ToyTaskFile> to_files(const ToySplits<ToyQuestion>& set);
std::vector<ToyTaskFile> to_files(const ToySplits<ToyTextPair>& set);
std::vector<ToyTaskFile> to_files(const ToySplits<ToyCoreference>& set);

}  // namespace gradus::bert
