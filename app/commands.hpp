/// @file
/// The commands of the program, one function and one file each, in the order in which --help lists them.
#pragma once

namespace CLI {
class App;
}

namespace gradus::app {

void add_corpus(CLI::App& program);
void add_vocab(CLI::App& program);
void add_tokenize(CLI::App& program);
void add_pretrain(CLI::App& program);
void add_evaluate(CLI::App& program);
void add_fill_mask(CLI::App& program);
void add_embed(CLI::App& program);
void add_attention(CLI::App& program);
void add_finetune(CLI::App& program);
void add_predict(CLI::App& program);
void add_similarity(CLI::App& program);
void add_probe(CLI::App& program);
void add_bench(CLI::App& program);
void add_inspect(CLI::App& program);
void add_gradcheck(CLI::App& program);
void add_experiment(CLI::App& program);

}  // namespace gradus::app
