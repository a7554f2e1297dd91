;;; emacs.el --- Drives Emacs with the configuration of docs/editors.md  -*- lexical-binding: t -*-
;; emacs --batch -l emacs.el FOLDER

(require 'eglot)
(require 'flymake)
(require 'xref)

;; What docs/editors.md says.
(define-derived-mode cnn-mode prog-mode "cnn"
  (setq-local comment-start "# "))
(add-to-list 'auto-mode-alist '("\\.cnn\\'" . cnn-mode))
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(cnn-mode . ("cnnc" "lsp"))))

(defun check (condition what)
  (unless condition
    (message "failed: %s" what)
    (kill-emacs 1))
  (message "ok: %s" what))

(defun wait (what condition)
  (let ((rounds 400))
    (while (and (> rounds 0) (not (funcall condition)))
      (setq rounds (1- rounds))
      (accept-process-output nil 0.05))
    (check (funcall condition) what)))

(defun go (word)
  (goto-char (point-min))
  (search-forward word)
  (goto-char (match-beginning 0)))

(defun replace-first (word new)
  (go word)
  (delete-char (length word))
  (insert new)
  (eglot--signal-textDocument/didChange))

(setq eglot-confirm-server-initiated-edits nil
      eglot-sync-connect 20)
(find-file (expand-file-name "net.cnn" (pop command-line-args-left)))
(check (eq major-mode 'cnn-mode) "the file has its mode")
(apply #'eglot--connect (eglot--guess-contact))
(check (eglot-managed-p) "the server is attached")

(go "conv")
(let ((hover (jsonrpc-request (eglot-current-server) :textDocument/hover (eglot--TextDocumentPositionParams))))
  (check (string-match-p "64x64x3 → 32x32x32" (plist-get (plist-get hover :contents) :value))
         "hover shows the shapes"))

(go "basic(32)")
(let ((found (xref-backend-definitions 'eglot (xref-backend-identifier-at-point 'eglot))))
  (check (string-match-p "blocks\\.cnn" (xref-location-group (xref-item-location (car found))))
         "the definition is in the other file"))

(replace-first "pad=3 bn" "pad=3 bnn")
(wait "a mistake is shown"
      (lambda () (flymake-start) (flymake-diagnostics)))
(go "bnn")
(let* ((actions (eglot-code-actions (point) (+ 3 (point))))
       (fix (seq-find (lambda (one) (string-match-p "`bn`" (plist-get one :title))) actions)))
  (check fix "its quick fix is offered")
  (eglot--apply-workspace-edit (plist-get fix :edit)))
(check (string-match-p "pad=3 bn relu" (buffer-string)) "the quick fix mends it")

(go "    basic(32)")
(insert "    conv \n")
(backward-char)
(eglot--signal-textDocument/didChange)
(let* ((found (eglot-completion-at-point))
       (words (all-completions "" (nth 2 found))))
  (check (seq-some (lambda (word) (string-match-p "3x3x32" word)) words)
         "completion proposes a size for what arrives"))
(delete-region (line-beginning-position) (1+ (line-end-position)))
(eglot--signal-textDocument/didChange)

;; Files that are not open would be asked about.
(find-file-noselect "blocks.cnn")
(go "basic(32)")
(eglot-rename "unit")
(check (string-match-p "unit(64, s=2)" (buffer-string)) "a block is renamed where it is called")
(with-current-buffer (find-file-noselect "blocks.cnn")
  (check (string-match-p "block unit(" (buffer-string)) "and where it is defined"))

(replace-first "maxpool 3" "maxpool    3")
(eglot-format-buffer)
(check (string-match-p "\n    maxpool 3/2 pad=1;" (buffer-string)) "the text is formatted")
(eglot-shutdown (eglot-current-server))
(kill-emacs 0)
