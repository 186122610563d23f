{
  "targets": [
    {
      "target_name": "engine",
      "sources": [
        "native/binding/addon.cc",
        "native/binding/args.cc",
        "native/binding/capabilities.cc",
        "native/binding/encoder.cc",
        "native/binding/index.cc",
        "native/binding/index_handle.cc",
        "native/binding/infonce.cc",
        "native/binding/kernels.cc",
        "native/binding/layers.cc",
        "native/binding/promise_worker.cc",
        "native/binding/texts.cc",
        "native/binding/tokenizer.cc",
        "native/binding/topk.cc",
        "native/binding/vectors.cc",
        "native/core/crc32.cc",
        "native/core/engine_thread.cc",
        "native/core/simd_targets.cc",
        "native/core/threads.cc",
        "native/cpu/activation.cc",
        "native/cpu/adamw.cc",
        "native/cpu/attention.cc",
        "native/cpu/backend_cpu.cc",
        "native/cpu/bf16.cc",
        "native/cpu/distances.cc",
        "native/cpu/embedding.cc",
        "native/cpu/gemm.cc",
        "native/cpu/infonce.cc",
        "native/cpu/infonce_kernels.cc",
        "native/cpu/l2_normalize.cc",
        "native/cpu/layer_norm.cc",
        "native/cpu/linear.cc",
        "native/cpu/linear_kernels.cc",
        "native/cpu/matmul.cc",
        "native/cpu/pooling.cc",
        "native/cpu/rope.cc",
        "native/cpu/topk.cc",
        "native/cpu/topk_codec.cc",
        "native/cpu/topk_exact.cc",
        "native/cpu/topk_filter.cc",
        "native/cpu/topk_int16.cc",
        "native/cpu/topk_prepare.cc",
        "native/cpu/topk_scan.cc",
        "native/cpu/topk_select.cc",
        "native/encoder/config.cc",
        "native/encoder/model.cc",
        "native/encoder/saved.cc",
        "native/encoder/transformer.cc",
        "native/faiss/byte_stream.cc",
        "native/faiss/checkpoint.cc",
        "native/faiss/fast_indexes.cc",
        "native/faiss/hnsw_builder.cc",
        "native/faiss/index_check.cc",
        "native/faiss/index_parts.cc",
        "native/faiss/link_distances.cc",
        "native/faiss/openblas.cc",
        "native/faiss/row_computer.cc",
        "native/faiss/row_scanner.cc",
        "native/faiss/vector_index.cc",
        "native/tokenizer/added_tokens.cc",
        "native/tokenizer/normalizer.cc",
        "native/tokenizer/tokenizer.cc",
        "native/tokenizer/unicode.cc",
        "native/tokenizer/vocabulary.cc",
        "native/tokenizer/word_pieces.cc"
      ],
      "include_dirs": ["native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        # Targets that no machine of interest lacks the next better or next lower one of.
        "HWY_DISABLED_TARGETS=(HWY_SSSE3|HWY_AVX3_DL)"
      ],
      "cflags!": ["-fno-exceptions", "-fno-rtti"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      # -ffp-contract=off: a result must not depend on whether an instruction set fuses; kernels fuse explicitly (MulAdd).
      "cflags_cc": ["-std=c++20", "-O3", "-ffp-contract=off", "-fexceptions", "-frtti", "-fopenmp", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-unknown-pragmas"],
      "libraries": ["-ldnnl", "-lhwy", "-lutf8proc", "-lfaiss", "-lopenblas", "-fopenmp"],
      "conditions": [
        ["OS=='mac'", {
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
            "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
            "GCC_ENABLE_CPP_RTTI": "YES",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "12.0",
            "OTHER_CPLUSPLUSFLAGS": ["-Xpreprocessor", "-fopenmp", "-ffp-contract=off"]
          }
        }]
      ]
    }
  ]
}
