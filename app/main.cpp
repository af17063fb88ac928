// The gradus program: finds the command, runs it, and turns what went wrong into one sentence and an exit
// code.
#include <algorithm>
#include <csignal>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/options/call_error.hpp"
#include "app/options/cli11_quoting.hpp"
#include "app/options/help.hpp"
#include "app/ranks/ranks.hpp"
#include "app/terminal/short_memory.hpp"
#include "app/terminal/waiting_threads.hpp"
#include "autograd/kernels/products/blis_choice.hpp"

namespace {

using namespace gradus;
using namespace gradus::app;

/// "gradus: ..." or "gradus vocab: ...", when the command is known.
int complain(const CLI::App& program, const std::string& sentence, int code) {
  const std::vector<CLI::App*> parsed = program.get_subcommands();
  print_error(
      fmt::format("gradus{}: {}\n", parsed.empty() ? "" : " " + parsed.front()->get_name(), sentence));
  return code;
}

int show(const CLI::App& program, const std::string& text) {
  try {
    print(text);
    return exit_done;
  } catch (const Error& error) {
    return complain(program, error.what(), exit_failed);
  }
}

/// Before any command begins: what is wrong would else come out at the first matrix product.
void check_environment(const CLI::App& program) {
  for (const CLI::App* command : program.get_subcommands()) check_ranks(command->get_name());
  try {
    kernels::blis_choice();
  } catch (const Error& error) {
    fail<WrongCall>("{}", error.what());
  }
}

/// The end of a call that failed, after which no other rank is waited for.
int failed(const CLI::App& program, const std::string& sentence, int code) {
  code = fail_ranks(true, code);
  if (!sentence.empty()) complain(program, sentence, code);
  leave_ranks(code);
  return code;
}

int run(CLI::App& program, int argc, char** argv) {
  try {
    std::vector<std::string> arguments = marked_arguments(argc, argv);
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    program.parse(std::move(arguments));
    end_ranks();
    return exit_done;
  } catch (const CLI::CallForHelp&) {
    return show(program, program.help());
  } catch (const CLI::CallForVersion& version) {
    return show(program, std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return failed(program, unmarked(explain(program, error)), exit_wrong_call);
  } catch (const parallel::OtherRankFailed&) {
    const int code = fail_ranks(false, exit_failed);
    leave_ranks(code);
    return code;
  } catch (const WrongCall& error) {
    return failed(program, error.what(), exit_wrong_call);
  } catch (const Exit& end) {
    return failed(program, "", end.code);
  } catch (const std::bad_alloc&) {
    release_reserve();
    return failed(program, "there is not enough memory for this", exit_failed);
  } catch (const std::exception& error) {
    return failed(program, error.what(), exit_failed);
  }
}

int call(int argc, char** argv) {
  CLI::App program("Gradus trains tiny BERTs on the CPU, from a text file to a model that fills in masks.",
                   "gradus");
  program.set_version_flag("--version", "gradus " GRADUS_VERSION, "Print the version");
  program.set_help_flag("-h,--help", "Print this text");
  program.require_subcommand(1);
  const auto formatter = std::make_shared<HelpFormatter>();
  formatter->label("SUBCOMMAND", "COMMAND ...");
  formatter->label("Positionals", "Arguments");
  formatter->column_width(34);
  program.formatter(formatter);
  program.footer("gradus COMMAND --help tells about one command, with an example.");
  add_corpus(program);
  add_vocab(program);
  add_tokenize(program);
  add_pretrain(program);
  add_evaluate(program);
  add_fill_mask(program);
  add_embed(program);
  add_attention(program);
  add_finetune(program);
  add_predict(program);
  add_similarity(program);
  add_probe(program);
  add_bench(program);
  add_inspect(program);
  add_gradcheck(program);
  add_experiment(program);
  unmark_values(program);
  program.parse_complete_callback([&program] { check_environment(program); });
  return run(program, argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  fill_closed_streams();
  // A file that may not grow any more (ulimit -f) is then an error of its write, with a sentence, and not the
  // end.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    let_waiting_threads_sleep(argv);
    begin_ranks();
    prepare_for_short_memory();
    return call(argc, argv);
  } catch (const std::bad_alloc&) {  // before a command is known, or within a handler
    say_short_memory();
    return exit_failed;
  }
}
