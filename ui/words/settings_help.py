"""What each setting is, in Chinese; in English the settings say it themselves (`kg_builder.config.Settings`)."""

from __future__ import annotations

__all__ = ["HELP_ZH"]

HELP_ZH: dict[str, str] = {
    "store": "图谱在哪里：embedded:PATH、bolt://… 或 neo4j://…；留空为用户自己的内嵌存储。",
    "extractor": "用哪个抽取器读文本：open_ie、llm、endpoint 或 package.module:name。",
    "model": "llm 所用的语言模型（文件夹，或 Hugging Face hub 上的名称），或 endpoint 背后的模型。",
    "adapter": "使用 llm 时：装入模型的 LoRA 适配器；留空为不用。",
    "base_url": "使用 endpoint 时：它的地址（http://localhost:8000/v1）；密钥在 OPENAI_API_KEY 中。",
    "chat_template": "使用 llm 时：chatml、llama-2、llama-3、alpaca、plain 或 own；留空为模型自带的，或合适的一种。",
    "instruction": "对语言模型的指示，代替我们自己的；留空为用我们的。",
    "quantize": "使用 llm 时：4bit、8bit、none；auto 在 GPU 上为 4 位，其他情况不量化。",
    "dtype": "使用 llm 时：bf16、fp16、fp32；auto 在硬件支持时为 bfloat16。",
    "batch_size": "使用 llm 时：一次回答多少段文本。",
    "max_new_tokens": "对一个片段的回答最多用多少词元。",
    "temperature": "语言模型选词的温度；0 为最可能的词，同样的文本得到同样的回答。",
    "constrained": "语言模型是否只能写出格式正确、实体出自文本的行。",
    "trust_remote_code": "模型附带的代码可否在这里运行。",
    "requests_per_minute": "使用 endpoint 时：服务方每分钟允许的请求数；0 为不限。",
    "tokens_per_minute": "同上，按词元计，往返合计。",
    "concurrency": "使用 endpoint 时：同时进行的请求数。",
    "request_timeout_s": "使用 endpoint 时：一个请求最多几秒。",
    "classifier": (
        "判断文本主题的模型（可由 kg-finetune train --preset sequence-classification 训练）："
        "只从某些主题的文本中抽取；留空为全部抽取。"
    ),
    "topics": "这些主题，以逗号分隔。",
    "topics_of": "以什么的主题为准：每个片段（segments），或整篇文档的大部分文本（documents）。",
    "ontology": "抽取结果所映射到的本体文件；留空为不用。",
    "ontology_mode": "不符合本体的如何处理：strict 剔除并计数，open 保留。",
    "ontology_vectors": "可调用对象（package.module:name），输入文本、输出数组，用于字面上没有联系的关系；留空为不用。",
    "resolve_vectors": (
        "用于实体归并的名称向量：嵌入模型（文件夹，或 Hugging Face hub 上的名称）或可调用对象"
        "（package.module:name）；留空为照旧，none 为不用。"
    ),
    "resolve_judge": (
        "拿不准的名称对去问谁：可调用对象（package.module:name），或 OpenAI 兼容端点的地址，密钥在 OPENAI_API_KEY 中；"
        "留空为不问，none 为连已有的回答也丢弃。"
    ),
    "resolve_judge_model": "该端点背后的模型。",
    "resolve_judge_least": "概率从多少起算拿不准。",
    "resolve_judge_most": "概率到多少为止算拿不准。",
    "resolve_judge_limit": "一次运行最多问多少个问题。",
    "workers": "工作进程数；0 为每个核一个。",
    "engine": "在哪里读文件：local（本机的工作进程）或 ray（Ray 集群的节点）。",
    "ray_result_mb": "使用 ray 时：一个文件最多从节点传回多少 MiB。",
    "segment_characters": "一个片段最多多少字符。",
    "file_timeout_s": "载入一个文件，或抽取其中一个片段，最多几秒。",
    "file_memory_mb": "一个工作进程最多用多少 MiB 内存。",
    "max_file_mb": "读取的最大文件，单位 MB。",
    "cache": "存放已有抽取结果的文件；留空为放在存储旁边，none 为不存放。",
    "cache_mb": "该文件最大多少 MiB：最久未用的先丢弃。",
    "store_patience_s": "运行中存储断开时，等待它恢复的秒数。",
    "price_input_per_mtok": "付费模型每读一百万词元的价格，币种任意；0 为免费。",
    "price_output_per_mtok": "付费模型每写一百万词元的价格。",
}
