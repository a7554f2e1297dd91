-- Drives Neovim with the configuration of docs/editors.md: nvim --clean --headless -l neovim.lua FOLDER PARSER QUERIES.
-- Each feature is asked for as its key would, and the answer compared.

local folder, parser, queries = unpack(arg)

local function check(condition, what)
    if not condition then
        io.stderr:write("failed: " .. what .. "\n")
        os.exit(1)
    end
    print("ok: " .. what)
end

local function wait(what, condition)
    check(vim.wait(20000, condition, 50), what)
end

-- What docs/editors.md says.
vim.filetype.add({ extension = { cnn = "cnn" } })
vim.lsp.config("cnnc", {
    cmd = { "cnnc", "lsp" },
    filetypes = { "cnn" },
    root_markers = { "cnnc.toml", ".git" },
})
vim.cmd("filetype on")
vim.lsp.enable("cnnc")
vim.lsp.inlay_hint.enable(true)

vim.cmd.edit(folder .. "/net.cnn")
local buffer = vim.api.nvim_get_current_buf()
check(vim.bo.filetype == "cnn", "the file has its type")
wait("the server is attached", function()
    return #vim.lsp.get_clients({ bufnr = buffer, name = "cnnc" }) == 1
end)
local client = vim.lsp.get_clients({ bufnr = buffer, name = "cnnc" })[1]

local function lines()
    return vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
end

local function text()
    return table.concat(lines(), "\n")
end

-- Puts the cursor on the first occurrence of a word.
local function go(word)
    for number, line in ipairs(lines()) do
        local column = line:find(word, 1, true)
        if column then
            vim.api.nvim_win_set_cursor(0, { number, column - 1 })
            return
        end
    end
    check(false, word .. " stands in the text")
end

local function ask(method, extra)
    local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
    local answer = client:request_sync(method, vim.tbl_extend("force", params, extra or {}), 20000, buffer)
    check(answer and not answer.err, method .. " is answered")
    return answer.result
end

wait("hints stand behind statements", function()
    for _, hint in ipairs(vim.lsp.inlay_hint.get({ bufnr = buffer })) do
        local label = hint.inlay_hint.label
        if type(label) == "string" and label:find("-> 32x32x32", 1, true) then
            return true
        end
    end
end)

go("conv")
local hover = ask("textDocument/hover")
check(hover.contents.value:find("64x64x3 → 32x32x32", 1, true), "hover shows the shapes")

go("basic(32)")
vim.lsp.buf.definition()
wait("the definition is in the other file", function()
    return vim.api.nvim_buf_get_name(0):match("blocks%.cnn$") ~= nil
end)
vim.cmd.buffer(buffer)

-- A mistake, and the edit that the compiler proposes.
vim.cmd([[%s/pad=3 bn/pad=3 bnn/]])
wait("a mistake is shown", function()
    return #vim.diagnostic.get(buffer, { severity = vim.diagnostic.severity.ERROR }) > 0
end)
go("bnn")
vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
        return action.title:find("`bn`", 1, true) ~= nil
    end,
})
wait("its quick fix mends it", function()
    return text():find("pad=3 bn relu", 1, true) ~= nil
end)
wait("nothing is wrong any more", function()
    return #vim.diagnostic.get(buffer) == 0
end)

-- Completion behind an unfinished statement.
go("    basic(32)")
local row = vim.api.nvim_win_get_cursor(0)[1]
vim.api.nvim_buf_set_lines(buffer, row - 1, row - 1, false, { "    conv " })
vim.api.nvim_win_set_cursor(0, { row, 9 })
local found = ask("textDocument/completion", { position = { line = row - 1, character = 9 } })
check(found[1].label == "3x3x32", "completion proposes a size for what arrives")
vim.api.nvim_buf_set_lines(buffer, row - 1, row, false, {})

go("basic(32)")
vim.lsp.buf.rename("unit")
wait("a block is renamed where it is called", function()
    return text():find("unit(64, s=2)", 1, true) ~= nil
end)
local blocks = vim.fn.bufnr(folder .. "/blocks.cnn")
check(
    table.concat(vim.api.nvim_buf_get_lines(blocks, 0, -1, false), "\n"):find("block unit(", 1, true),
    "and where it is defined"
)

vim.cmd([[%s/maxpool 3/maxpool    3/]])
vim.lsp.buf.format({ timeout_ms = 20000 })
check(text():find("\n    maxpool 3/2 pad=1;", 1, true), "the text is formatted")

wait("words have colours from the server", function()
    local place = vim.api.nvim_buf_call(buffer, function()
        go("conv 7x7")
        return vim.api.nvim_win_get_cursor(0)
    end)
    local tokens = vim.lsp.semantic_tokens.get_at_pos(buffer, place[1] - 1, place[2])
    return tokens and tokens[1] and tokens[1].type == "function"
end)

-- The Tree-sitter grammar, as docs/editors.md installs it.
vim.treesitter.language.add("cnn", { path = parser })
vim.opt.runtimepath:prepend(queries)
vim.treesitter.start(buffer, "cnn")
vim.treesitter.get_parser(buffer, "cnn"):parse(true)
go("conv 7x7")
local cursor = vim.api.nvim_win_get_cursor(0)
local captures = vim.treesitter.get_captures_at_pos(buffer, cursor[1] - 1, cursor[2])
check(#captures > 0 and captures[#captures].capture == "function.builtin", "Tree-sitter colours an operator")
go("64x64x3")
cursor = vim.api.nvim_win_get_cursor(0)
captures = vim.treesitter.get_captures_at_pos(buffer, cursor[1] - 1, cursor[2])
check(#captures > 0 and captures[#captures].capture == "number", "and a size")
check(vim.treesitter.get_parser(buffer, "cnn"):trees()[1]:root():has_error() == false, "without an error")

os.exit(0)
