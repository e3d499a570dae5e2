// Reads a sealed run with the transparency-log packages of the Go project: the checkpoint with sumdb/note, tiles and
// proofs with sumdb/tlog.  Arguments: the log's directory, its vkey, a proof file.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "reader.go:", err)
		os.Exit(1)
	}
}

func require(good bool, what string) {
	if !good {
		must(fmt.Errorf("%s", what))
	}
}

// A checkpoint that the key signed.
func open(signed []byte, vkey string) (tlog.Tree, string) {
	verifier, err := note.NewVerifier(vkey)
	must(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	require(len(lines) == 4 && lines[3] == "", "a checkpoint has three lines")
	require(lines[0] == verifier.Name(), "the origin is the name of the key")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}, lines[0]
}

// Tiles as sumdb/tlog asks for them; it has the height in their paths, tlog-tiles has not.
type tiles struct{ directory string }

func (t tiles) Height() int { return 8 }

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.directory, path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// All entries of the log, from its bundles.
func entries(directory string, size int64) [][]byte {
	var all [][]byte
	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		path := tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)}.Path()
		path = strings.Replace(path, "tile/8/data/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(directory, path))
		must(err)
		for i := int64(0); i < width; i++ {
			require(len(data) >= 2, "a bundle is cut off")
			n := int(binary.BigEndian.Uint16(data))
			require(len(data) >= 2+n, "an entry is cut off")
			all = append(all, data[2:2+n])
			data = data[2+n:]
		}
		require(len(data) == 0, "a bundle has more than its entries")
	}
	return all
}

func checkLog(directory string, tree tlog.Tree) {
	reader := tlog.TileHashReader(tree, tiles{directory})
	all := entries(directory, tree.N)
	var stored []tlog.Hash
	for i, entry := range all {
		hashes, err := tlog.StoredHashes(int64(i), entry, tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
			var found []tlog.Hash
			for _, k := range at {
				found = append(found, stored[k])
			}
			return found, nil
		}))
		must(err)
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, k := range at {
			found = append(found, stored[k])
		}
		return found, nil
	}))
	must(err)
	require(root == tree.Hash, "the entries have the signed root")
	root, err = tlog.TreeHash(tree.N, reader)
	must(err)
	require(root == tree.Hash, "the tiles have the signed root")
	for i := int64(0); i < tree.N; i += 1 + tree.N/37 {
		proof, err := tlog.ProveRecord(tree.N, i, reader)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, i, tlog.RecordHash(all[i])))
		wrong := tlog.RecordHash(append([]byte("x"), all[i]...))
		require(tlog.CheckRecord(proof, tree.N, tree.Hash, i, wrong) != nil, "another record has no proof")
	}
}

func checkProof(data []byte, vkey string) {
	head, checkpoint, found := bytes.Cut(data, []byte("\n\n"))
	require(found, "a proof has a blank line before its checkpoint")
	lines := strings.Split(string(head), "\n")
	require(len(lines) >= 3 && lines[0] == "c2sp.org/tlog-proof@v1", "a proof's first line")
	require(strings.HasPrefix(lines[1], "extra ") && strings.HasPrefix(lines[2], "index "), "extra and index")
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	must(err)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	must(err)
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		must(err)
		proof = append(proof, hash)
	}
	tree, _ := open(checkpoint, vkey)
	must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)))
	leaf := sha256.Sum256(append([]byte{0}, entry...))
	require(tlog.RecordHash(entry) == leaf, "a leaf is SHA-256 of 0x00 and the entry")
}

func main() {
	require(len(os.Args) == 4, "expected LOG VKEY PROOF")
	signed, err := os.ReadFile(filepath.Join(os.Args[1], "checkpoint"))
	must(err)
	tree, origin := open(signed, os.Args[2])
	checkLog(os.Args[1], tree)
	proof, err := os.ReadFile(os.Args[3])
	must(err)
	checkProof(proof, os.Args[2])
	fmt.Println("reader.go:", origin, tree.N, tree.Hash)
}
