// Rows of a table by id, and BERT's sum of three tables.
#include "autograd/kernels/layers/embedding.hpp"

#include "autograd/ops/op_support.hpp"
#include "autograd/plural.hpp"

namespace gradus {
namespace {

void check_table(std::string_view op, const Tensor& table, const Tensor& ids) {
  ops::check_float(op, table);
  ops::check_dtype(op, "the ids", ids, DType::i64);
  if (table.rank() != 2) fail<ShapeError>("{}: the table must be [V, H], not {}", op, table.shape());
}

[[noreturn]] void fail_id(std::string_view op, std::string_view what, const Tensor& ids, int64_t at,
                          int64_t limit) {
  fail<IndexError>("{}: {} {} at position {} of {} is outside [0, {})", op, what, ids.data<int64_t>()[at], at,
                   ids.shape(), limit);
}

/// The gradient of a table [V, H] of which the rows `ids` were read: dy's rows added up by id.
Tensor table_gradient(const Tensor& dy, const Tensor& ids, int64_t V, int64_t H) {
  if (grad_enabled()) {
    // [n] -> [n, H]: the same id for every column.
    const Tensor index = ids.reshape({ids.numel(), 1}).expand({ids.numel(), H});
    return scatter_add(zeros({V, H}, dy.dtype()), 0, index, dy.reshape({ids.numel(), H}));
  }
  const Tensor dense = dy.contiguous();
  Tensor dtable = zeros({V, H}, dy.dtype());
  dispatch_float(dy.dtype(), "embedding", [&]<class T> {
    kernels::scatter_add_rows<T>(dense.data<T>(), ids.data<int64_t>(), ids.numel(), dtable.mutable_data<T>(),
                                 V, H);
  });
  return dtable;
}

}  // namespace

Tensor embedding(const Tensor& table, const Tensor& ids) {
  check_table("embedding", table, ids);
  const Tensor rows = table.detach().contiguous(), dense_ids = ids.contiguous();
  const int64_t V = table.size(0), H = table.size(1);
  Shape shape = ids.shape();
  shape.push_back(H);
  Tensor y = empty(shape, table.dtype());
  dispatch_float(table.dtype(), "embedding", [&]<class T> {
    const int64_t bad = kernels::gather_rows<T>(rows.data<T>(), V, H, dense_ids.data<int64_t>(), ids.numel(),
                                                y.mutable_data<T>());
    if (bad >= 0) fail_id("embedding", "id", dense_ids, bad, V);
  });
  return record("embedding", y, wrt(table, [ids = saved(dense_ids), V, H](const Tensor& dy) {
                  return table_gradient(dy, ids, V, H);
                }));
}

Tensor embedding_sum(const Tensor& word, const Tensor& token_type, const Tensor& position, const Tensor& ids,
                     const Tensor& type_ids) {
  constexpr std::string_view op = "embedding_sum";
  check_table(op, word, ids);
  check_table(op, token_type, type_ids);
  check_table(op, position, ids);
  ops::check_same_dtype(op, word, token_type);
  ops::check_same_dtype(op, word, position);
  if (ids.rank() != 2 || type_ids.shape() != ids.shape()) {
    fail<ShapeError>("{}: ids {} and token types {} must both be [B, S]", op, ids.shape(), type_ids.shape());
  }
  const int64_t B = ids.size(0), S = ids.size(1), H = word.size(1), V = word.size(0),
                types = token_type.size(0);
  if (token_type.size(1) != H || position.size(1) != H) {
    fail<ShapeError>("{}: tables {}, {} and {} differ in their width", op, word.shape(), token_type.shape(),
                     position.shape());
  }
  if (S > position.size(0)) {
    fail<IndexError>("{}: a sequence of {} tokens is longer than the {} {} of the model", op, S,
                     position.size(0), plural(position.size(0), "position"));
  }
  if (composed_ops()) return composed::embedding_sum(word, token_type, position, ids, type_ids);
  const Tensor w = word.detach().contiguous(), t = token_type.detach().contiguous(),
               p = position.detach().contiguous(), i = ids.contiguous(), k = type_ids.contiguous();
  Tensor y = empty({B, S, H}, word.dtype());
  dispatch_float(word.dtype(), op, [&]<class T> {
    const kernels::EmbeddingTables<T> tables{w.data<T>(), t.data<T>(), p.data<T>(), V, types, H};
    const kernels::BadId bad =
        kernels::embedding_sum<T>(tables, i.data<int64_t>(), k.data<int64_t>(), B, S, y.mutable_data<T>());
    if (bad.at >= 0 && bad.table == kernels::BadId::Table::word) fail_id(op, "token id", i, bad.at, V);
    if (bad.at >= 0) fail_id(op, "token type", k, bad.at, types);
  });
  return record(
      op, y, wrt(word, [i = saved(i), V, H](const Tensor& dy) { return table_gradient(dy, i, V, H); }),
      wrt(token_type, [k = saved(k), types, H](const Tensor& dy) { return table_gradient(dy, k, types, H); }),
      wrt(position, [S, P = position.size(0)](const Tensor& dy) {
        return pad(sum(dy, Axes{0}), 0, 0, P - S);  // [B, S, H] -> [S, H] -> [P, H]
      }));
}

Tensor composed::embedding_sum(const Tensor& word, const Tensor& token_type, const Tensor& position,
                               const Tensor& ids, const Tensor& type_ids) {
  return gradus::embedding(word, ids) + gradus::embedding(token_type, type_ids) +
         position.slice(0, 0, ids.size(1));
}

}  // namespace gradus
